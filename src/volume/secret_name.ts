/**
 * A short name that does not say what it is made of. What goes in must hold something that nobody guesses (a UID): a hash of a
 * patient's number alone is soon found by trying them all.
 */
export async function secretName(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(`fusionclip ${text}`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
