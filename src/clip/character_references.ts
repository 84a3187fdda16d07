import { characterEntities } from 'character-entities';
import { characterEntitiesLegacy } from 'character-entities-legacy';

/**
 * HTML character references, decoded as Python's `html.unescape` does, which CLIP's tokenizer applies to every prompt:
 * all 2,231 names of HTML 5, 106 of them without a semicolon.
 */
const bare = new Set(characterEntitiesLegacy);

/** What numbers 0x80 to 0x9F mean: Windows-1252, as browsers read them. Gaps stand for themselves. */
const WINDOWS_1252 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';

/** Replaces the character references of `text` once; `&amp;lt;` becomes `&lt;`. */
export function unescapeHtml(text: string): string {
  return text.replace(/&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g, (whole, body: string) => {
    if (body[0] === '#') return numbered(body.slice(1));
    if (body.endsWith(';') && Object.hasOwn(characterEntities, body.slice(0, -1))) {
      return characterEntities[body.slice(0, -1)];
    }
    // The longest bare name that the text starts with counts, so `&notit` reads as `\u00acit`.
    for (let length = body.length; length > 1; length--) {
      const name = body.slice(0, length);
      if (bare.has(name)) return characterEntities[name] + body.slice(length);
    }
    return whole;
  });
}

function numbered(body: string): string {
  const code = /^[xX]/.test(body) ? Number.parseInt(body.slice(1), 16) : Number.parseInt(body, 10);
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252[code - 0x80];
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd';
  // Control characters and non-characters vanish.
  const white = code === 9 || code === 10 || code === 12 || code === 13;
  if ((code < 32 && !white) || code === 127 || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe)
    return '';
  return String.fromCodePoint(code);
}
