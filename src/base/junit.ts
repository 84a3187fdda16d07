/** What became of one check, as a CI server shows it. */
export interface JUnitCase {
  readonly name: string;
  /** Why it failed, or null; a first line that says it all is best. */
  readonly failure: string | null;
  readonly seconds?: number;
}

/** What is no character of XML 1.0, not even escaped: controls, halves of pairs. */
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** What the head of such a file of `fusionclip ci` holds. */
export const JUNIT = /^<\?xml[^>]*>\s*<testsuites>\s*<testsuite name="fusionclip /;

/** One suite of checks as JUnit XML, which GitHub, GitLab and Jenkins read. @param suite its name */
export function junitXml(suite: string, cases: readonly JUnitCase[]): string {
  const failed = cases.filter(({ failure }) => failure !== null).length;
  const seconds = cases.reduce((sum, one) => sum + (one.seconds ?? 0), 0).toFixed(3);
  const head = `name="${inXml(suite)}" tests="${cases.length}" failures="${failed}" errors="0" skipped="0" time="${seconds}"`;
  const rows = cases.map(({ name, failure, seconds: own = 0 }) => {
    const open = `    <testcase classname="${inXml(suite)}" name="${inXml(name)}" time="${own.toFixed(3)}"`;
    if (failure === null) return `${open}/>`;
    const [message] = failure.split('\n');
    return `${open}>\n      <failure message="${inXml(message)}">${inXml(failure)}</failure>\n    </testcase>`;
  });
  const body = rows.length > 0 ? `${rows.join('\n')}\n` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite ${head}>\n${body}  </testsuite>\n</testsuites>\n`;
}

function inXml(text: string): string {
  const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"]/g, (one) => named[one]);
}
