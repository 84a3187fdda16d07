/** SHA-256 of parts one after the other, as 64 hexadecimal digits. */
export async function sha256(...parts: readonly Uint8Array<ArrayBuffer>[]): Promise<string> {
  let bytes = parts[0];
  if (parts.length !== 1) {
    bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
