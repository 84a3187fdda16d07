// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of source files
import { type Mutation, mutations } from './mutation.ts';

/** safetensors, half floats, tokenizer, towers, hub. */
export const clip: readonly Mutation[] = [
  ...mutations('src/clip/safetensors_header.ts', 'clip/safetensors.', [
    ['view.getUint32(4, true) * 2 ** 32', 'view.getUint32(4, true)'],
    ['if (8 + length > size)', 'if (length > size)'],
    ['if (info.offset !== cursor) {', 'if (info.offset < cursor) {'],
    ['if (cursor !== size) {', 'if (cursor > size) {'],
    ['if (seen.has(key))', 'if (seen.has(key) && false)'],
    ['if (end - begin !== bytes) {', 'if (end - begin < bytes) {'],
    ["['BF16', 2],", "['BF16', 4],"],
    ['if (bytes > MAX_U64 || extent > MAX_EXTENT)', 'if (extent > MAX_EXTENT)'],
    ["digits.length > 1 && digits[0] === '0'", 'false'],
    ['{ fatal: true, ignoreBOM: true }', '{ ignoreBOM: true }'],
  ]),
  ...mutations('src/clip/half.ts', 'clip/half', [
    ['fraction * 2 ** -24', 'fraction * 2 ** -25'],
    ['((n >>> shift) & 1)) >>> shift', '1) >>> shift'],
    ['return (bits >>> 16) | 0x40;', 'return bits >>> 16;'],
    ['shift > 24 ? sign', 'shift >= 24 ? sign'],
    ['bits + 0x7fff + ((bits >>> 16) & 1)', 'bits + 0x8000'],
  ]),
  ...mutations('src/clip/tokenizer.ts', 'clip/tokenizer', [
    ['unescapeHtml(unescapeHtml(text))', 'unescapeHtml(text)'],
    ['.toLowerCase();', ';'],
    ['slice(0, context - 2)', 'slice(0, context - 1)'],
    ['return 1 + before.length;', 'return before.length;'],
    ['Array<number>(context - ids.length).fill(0)', 'Array<number>(context - ids.length).fill(this.end)'],
    ['longest >= 2 && longest <= 4096 ? longest : 77', '77'],
    ["'(?:[sſtmd]|re|ve|ll)", "'(?:[sſtm]|re|ve|ll)"],
    ['if (before.some((id, i) => id !== whole[i]))', 'if (false as boolean)'],
  ]),
  ...mutations('src/clip/byte_pairs.ts', 'clip/tokenizer', [
    [
      'rank !== undefined && rank < best',
      'rank !== undefined && rank <= best',
      { equivalent: 'two occurrences of the best rank are the same pair' },
    ],
    ['parts[parts.length - 1] += WORD_END;', 'parts[0] += WORD_END;'],
    ['      i++;\n    } else {', '    } else {'],
  ]),
  ...mutations('src/clip/character_references.ts', 'clip/tokenizer', [
    ['code >= 0x80 && code <= 0x9f', 'code > 0x80 && code <= 0x9f', { suite: 'clip/tokenizer' }],
  ]),
  ...mutations('src/clip/vision.ts', 'clip/towers', [
    ['if (taps.includes(layer)) out.set(layer, y);', 'if (taps.includes(layer)) out.set(layer, x);'],
    ['(_, b) => b * tokens)', '(_, b) => b * tokens + 1)'],
    ['causal: false };', 'causal: true };'],
    [
      'x = afterBlock && layer < last ? afterBlock(layer, y) : y;',
      'x = afterBlock ? afterBlock(layer, y) : y;',
      { suite: 'fusion/readings > residual' },
    ],
  ]),
  ...mutations('src/hub/transfer.ts', 'test/hub/unreliable_server.test.ts', [
    ['web.token && url.origin === new URL(web.endpoint).origin', 'web.token'],
    [
      'if (isUnseen(url) && !isUnseen(next)) {',
      'if (isUnseen(url) && isUnseen(next)) {',
      { suite: 'test/hub/unreliable_server.test.ts' },
    ],
  ]),
  ...mutations('src/hub/persist.ts', 'test/hub/unreliable_server.test.ts', [
    ['repeats = progress ? 1 : repeats + 1;', 'repeats = repeats + 1;'],
    ['if (repeats > MOST_REPEATS) throw', 'if (repeats > 2 * MOST_REPEATS) throw'],
  ]),
  ...mutations('src/hub/web_files.ts', 'test/hub/address.test.ts', [
    ['ranges || size === 0', 'ranges || size === 1'],
    ['done: at === out.length', 'done: at !== out.length'],
  ]),
  ...mutations('src/hub/download.ts', 'test/hub/unreliable_server.test.ts', [
    ['if (at > size) {', 'if (at > size + 1) {'],
    ['if (error instanceof BrokenTransfer && waiting > 0) await write();', ''],
    ['(file.sha256 ?? found.sha256) === found.sha256 && (file', '(file'],
    [' && (file.gitHash ?? found.git) === found.git;', ';'],
    ['`blob ${size}\\0`', '`blob ${size}`', { suite: 'test/hub/pull.test.ts' }],
    ['return range?.first === before;', 'return true;', { suite: 'test/hub/unreliable_server.test.ts' }],
  ]),
  ...mutations('src/clip/stored_config.ts', 'clip/config', [
    ['v.minValue(0)', 'v.minValue(-5)'],
    ['v.safeInteger(), ', ''],
  ]),
  ...mutations('src/medclip/config.ts', 'medclip/medclip > 53', [
    ['{ width: 64, side: 7 }', '{ width: 64, side: 5 }'],
    ['[3, 4, 6, 3].map((blocks', '[3, 4, 5, 3].map((blocks'],
  ]),
  ...mutations('src/clip/tokenizer.ts', 'clip/tokenizer', [
    ['code >= 28 && code <= 31', 'code >= 29 && code <= 31'],
    ['unescapeHtml(unescapeHtml(text))', 'unescapeHtml(text)'],
    ['.slice(0, OPENAI_MERGES)', ''],
  ]),
  ...mutations('src/clip/byte_pairs.ts', 'clip/tokenizer', [
    ['rank < best', 'rank <= best', { equivalent: 'no two pairs have one rank' }],
    ['byte > 160 && byte !== 173', 'byte > 160'],
    ['vocabulary.ids.get(symbol) ?? vocabulary.unknown', 'vocabulary.ids.get(symbol) ?? 0'],
  ]),
  ...mutations('src/clip/half.ts', 'clip/half', [
    [
      'magnitude >= 0x47800000) return sign | 0x7c00',
      'magnitude > 0x47800000) return sign | 0x7c00',
      { equivalent: '65536 is the pattern of infinity after the shift too' },
    ],
    ['shift > 24 ? sign', 'shift > 23 ? sign'],
    ['+ 0x7fff +', '+ 0x8000 +'],
  ]),
  ...mutations('src/clip/positions.ts', 'clip/preprocess', [['out.set(table.subarray(0, width));', '']]),
  ...mutations('src/clip/preprocess.ts', 'clip/preprocess', [
    ['value > 127 ? 1 : 0', 'value > 128 ? 1 : 0'],
    ['width <= height ?', 'width < height ?', { equivalent: 'a square has both sides of the size either way' }],
    ['Math.floor(left), Math.floor(top)', 'Math.round(left), Math.round(top)'],
    ['128 * 128;', '0;'],
  ]),
];
