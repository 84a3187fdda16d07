import { type Mutation, mutations } from './mutation.ts';

/** DICOM and NIfTI, their geometry and grey values, what is said of volumes. */
export const volumes: readonly Mutation[] = [
  ...mutations('src/dicom/voi.ts', 'dicom/voi_window', [
    ['exact ? center : center - 0.5', 'exact ? center : center + 0.5'],
    ['exact ? width : width - 1', 'width'],
    ['(-4 * (value - center)) / width', '(-2 * (value - center)) / width'],
    ['if (value <= low) return 0;', ''],
  ]),
  ...mutations('src/dicom/modality.ts', 'dicom/', [
    ['stored[i] * slope + intercept', 'stored[i] * slope - intercept', { suite: 'dicom/rescale_slope' }],
    ['signed && low >= range / 2', 'signed && low > range', { suite: 'dicom/pixel_padding' }],
    ["set.number('paddingLimit', value)", 'value', { suite: 'dicom/pixel_padding' }],
  ]),
  ...mutations('src/dicom/unpack.ts', 'dicom/', [
    ['const up = 31 - highBit;', 'const up = 32 - bitsStored;', { suite: 'dicom/stored_bits' }],
    ['(words[i] << up) >> down;', '(words[i] << up) >>> down;', { suite: 'dicom/stored_bits' }],
    ['out[to + 1] = words[from + 2];', 'out[to + 1] = words[from + 3];', { suite: 'dicom/ybr' }],
    ['(index * pixels) % 8', '0', { suite: 'dicom/one_bit' }],
    ['return more !== 0;', 'return false;', { suite: 'dicom/stored_bits' }],
    ['const out = words.slice();', 'const out = words;', { suite: 'dicom/stored_bits' }],
    ['format.planar ? interleaved(words, samples) : words', 'words', { suite: 'dicom/planar' }],
  ]),
  ...mutations('src/dicom/short_frame.ts', 'dicom/short_frame', [
    ['changes(words[i]) | changes(words[i + 1])', 'changes(words[i])'],
    ['words[i + 2] | words[i + 3];', 'words[i + 2];'],
    ['(any | (any >>> 16)) & 0xffff', 'any & 0xffff'],
    ['^ ((word ^ both) & 0x80008000)', ''],
    ['if (bitsStored < 16 && bitsOf(stored) >>> bitsStored !== 0) return null;', ''],
  ]),
  ...mutations('src/dicom/stream_comments.ts', 'volume/deidentify', [
    ['if (marker === 0x64) bytes.fill(0, at + 6, end);', ''],
    ['if (!BOXES.includes(type)) content.fill(0);', ''],
    ['bytes[at++] = 0;', 'at++;'],
  ]),
  ...mutations('src/dicom/clean_pixels.ts', 'volume/deidentify', [
    ['words[i] = stored << low;', ''],
    ['unsearched: !understood', 'unsearched: false'],
  ]),
  ...mutations('src/nifti/affine.ts', 'nifti/affine', [['length === 0 && shape[axis] > 1', 'length === 0']]),
  ...mutations('src/dicom/colour.ts', 'dicom/ybr', [
    ['- 0.344136 * cb - 0.714136 * cr', '- 0.714136 * cb - 0.344136 * cr'],
    ['1.1644 * (bytes[at] - 16)', '1.1644 * bytes[at]'],
  ]),
  ...mutations('src/dicom/palette.ts', 'dicom/palette', [
    ['Math.max(0, indices[i] - first)', 'Math.max(0, indices[i])'],
  ]),
  ...mutations('src/nifti/numbers.ts', 'nifti/', [
    ['Number(stored[at]) * slope + intercept', 'Number(stored[at]) * slope'],
    ['|| (!littleEndian && size > 1)) own', ') own'],
  ]),
  ...mutations('src/volume/geometry.ts', 'volume/geometry', [
    ['times(row, spacing[1]), times(column, spacing[0])', 'times(row, spacing[0]), times(column, spacing[1])'],
    ['i < 2 && vector[i] !== 0', 'i < 1 && vector[i] !== 0'],
    ['[...row, -dot(row, offset)]', '[...row, dot(row, offset)]', { suite: 'volume/' }],
    ['a[2] * b[0] - a[0] * b[2], a[0] * b[1]', 'a[0] * b[2] - a[2] * b[0], a[0] * b[1]'],
  ]),
  ...mutations('src/volume/order.ts', 'volume/', [
    ['along(a) - along(b) ||', 'along(b) - along(a) ||'],
    ['1 / numbers[numbers.length - 1]', '1 / slices.length'],
    ['+ Math.round(distance / step)', '+ 1'],
    ['Math.abs(spacing[1] - across) > 1e-3 * across', 'Math.abs(spacing[1] - across) > across'],
  ]),
  ...mutations('src/volume/grey.ts', 'volume/grey', [
    ['inverted ? 1 - level : level;', 'level;', { suite: 'volume/' }],
    ['const of = known[Number(inverted)];', 'const of = known[0];'],
    ['least + BACKGROUND * (most - least)', 'least'],
    ['least <= AIR', 'false'],
  ]),
  ...mutations('src/volume/decide_window.ts', 'volume/grey', [
    ["if (texts.size === 1 && text !== 'dicom')", "if (text !== 'dicom')"],
    ['if (ct === 0) return', 'if (ct === grey.length) return'],
    ['if (ct === grey.length && organ)', 'if (organ)'],
    ["grey.every(({ look }) => look === '8 bits')", "grey.some(({ look }) => look === '8 bits')"],
  ]),
  ...mutations('src/volume/percentiles.ts', 'volume/grey', [
    ['seen >= (percent / 100) * total', 'seen > (percent / 100) * total'],
    ['if (padded?.[i]) continue;', ''],
  ]),
  ...mutations('src/volume/stack.ts', 'volume/to_score', [
    ['share <= 0.5 ? low : high', 'low'],
    ['Math.ceil(top * sorted.length)', 'Math.floor(top * sorted.length)'],
    ['-0.5 * (((other - k) * distance) / sigma) ** 2', '-((((other - k) * distance) / sigma) ** 2)'],
    ['total += weight;', 'total += 1;'],
  ]),
  ...mutations('src/detect/slice_maps.ts', 'detect/slice_maps', [
    ['width: shape[order[0]], height: shape[order[1]]', 'width: shape[order[1]], height: shape[order[0]]'],
  ]),
  ...mutations('src/volume/mask.ts', 'volume/mask', [
    ['if (beyond > SLACK)', 'if (beyond > 1)'],
    ['mask.openEnds ? l >= 0 && l < nz : true', 'true'],
    ['Number(stored[i]) * slope + intercept;', 'Number(stored[i]);'],
  ]),
];
