/** DICOM's names of single-byte and Unicode character sets, and what a `TextDecoder` calls them. */
const SETS: Readonly<Record<string, string>> = {
  'ISO_IR 100': 'latin1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'iso-8859-9',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** What follows an escape character (ISO 2022), and the set that it switches to. */
const ESCAPES: readonly (readonly [string, string])[] = [
  ['(B', 'latin1'],
  ['(J', 'shift_jis'],
  [')I', 'shift_jis'],
  ['-A', 'latin1'],
  ['-B', 'iso-8859-2'],
  ['-C', 'iso-8859-3'],
  ['-D', 'iso-8859-4'],
  ['-L', 'iso-8859-5'],
  ['-G', 'iso-8859-6'],
  ['-F', 'iso-8859-7'],
  ['-H', 'iso-8859-8'],
  ['-M', 'iso-8859-9'],
  ['-b', 'iso-8859-15'],
  ['-T', 'windows-874'],
  ['$B', 'jis'],
  ['$)C', 'euc-kr'],
  ['$)A', 'gbk'],
];

/**
 * Text of an element, by the character sets that its data set names (0008,0005), spaces around it left out. What a set does
 * not know becomes U+FFFD; a set that nobody knows is read as Latin 1.
 */
export function decodeText(bytes: Uint8Array, sets: readonly string[]): string {
  const first = decoderName(sets[0] ?? '');
  if (!bytes.includes(0x1b)) return trimmed(decode(bytes, first));
  let text = '';
  let set = first;
  for (let at = 0; at < bytes.length; ) {
    const next = bytes.indexOf(0x1b, at);
    const end = next < 0 ? bytes.length : next;
    text += decode(bytes.subarray(at, end), set);
    if (next < 0) break;
    const code = ESCAPES.find(([letters]) => [...letters].every((c, i) => bytes[end + 1 + i] === c.charCodeAt(0)));
    if (code) set = code[1];
    at = end + 1 + (code ? code[0].length : 0);
  }
  return trimmed(text);
}

function decoderName(set: string): string {
  return SETS[set] ?? SETS[set.replace(/^ISO 2022 IR /, 'ISO_IR ')] ?? 'latin1';
}

function decode(bytes: Uint8Array, set: string): string {
  if (set !== 'jis') return new TextDecoder(set).decode(bytes);
  // Two bytes a character without the high bit: with it, this is EUC.
  return new TextDecoder('euc-jp').decode(bytes.map((byte) => (byte > 0x20 ? byte | 0x80 : byte)));
}

function trimmed(text: string): string {
  return text.replace(/^[\s\0]+|[\s\0]+$/g, '');
}
