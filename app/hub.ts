/** The model hub that a page of this policy may reach: the first other server that its `connect-src` names; or null. */
export function hubOf(policy: string): string | null {
  const sources = /(?:^|;)\s*connect-src\s([^;]*)/.exec(policy)?.[1].split(/\s+/) ?? [];
  return sources.find((source) => /^https?:\/\/[^*]+$/.test(source)) ?? null;
}

/** That of this page. Who builds the page names it (docs/page.md); without one nothing leaves the page's own origin. */
export function ownHub(): string | null {
  return hubOf(document.querySelector<HTMLMetaElement>('meta[http-equiv="Content-Security-Policy"]')?.content ?? '');
}
