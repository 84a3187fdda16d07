import { gzipSync } from 'fflate';
import { nifti } from '../nifti/nifti_maker.ts';
import { dicom, type El, type Grey, picture } from './dicom_maker.ts';
import { rleOf } from './rle_maker.ts';

/** A whole file that mutations begin from. */
export interface Base {
  readonly name: string;
  readonly kind: 'dicom' | 'nifti';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const SYNTAXES: Readonly<Record<string, readonly [string, Partial<Grey>]>> = {
  'lossless 1': ['57', { stored: 12 }],
  'lossless rgb': ['70', { allocated: 8, samples: 3 }],
  'extended 12': ['51', { stored: 12 }],
  'baseline 8': ['50', { allocated: 8 }],
  'jpeg-ls 12': ['80', { stored: 12 }],
  'jpeg-ls rgb': ['80', { allocated: 8, samples: 3 }],
  'jpeg 2000 12': ['90', { stored: 12 }],
  'jpeg 2000 rgb': ['90', { allocated: 8, samples: 3, photometric: 'YBR_RCT' }],
  'htj2k 16': ['201', {}],
};

/** A file of every kind. @param frames test/dicom/codec_frames.json, parsed */
export function mutationBases({ frames }: { frames: Readonly<Record<string, string>> }): Base[] {
  const more: El[] = [
    [0x00080005, 'CS', 'ISO_IR 100'],
    [0x00281050, 'DS', '40\\50'],
    [0x00281051, 'DS', '80\\90'],
    [0x00281052, 'DS', '-1024'],
    [0x00281053, 'DS', '1'],
    [0x52009229, 'SQ', { open: true, items: [[[0x00209113, 'SQ', { items: [[[0x00200032, 'DS', '1\\2\\3']]] }]]] }],
  ];
  const pixels = Array.from({ length: 48 }, (_, i) => (i * 997) & 0xfff);
  const grey = { rows: 6, columns: 8, pixels, more };
  const bases: Base[] = [];
  const add = (name: string, bytes: Uint8Array<ArrayBuffer>, kind: Base['kind'] = 'dicom') =>
    bases.push({ name, kind, bytes });
  add('explicit', dicom(picture(grey)));
  add('implicit', dicom(picture(grey), { implicit: true }));
  add('big endian', dicom(picture(grey), { big: true }));
  add('bare', dicom(picture(grey), { meta: false }));
  const rle = { ...grey, frames: 2, pixels: { parts: [new Uint8Array(0), rleOf(pixels), rleOf(pixels)] } };
  add('rle', dicom(picture(rle), { syntax: '1.2.840.10008.1.2.5' }));
  for (const [name, [syntax, header]] of Object.entries(SYNTAXES)) {
    const stream = Uint8Array.from(atob(frames[name]), (letter) => letter.charCodeAt(0));
    const parts = { parts: [new Uint8Array(0), stream] };
    const file = picture({ rows: 12, columns: 16, ...header, pixels: parts });
    add(name, dicom(file, { syntax: `1.2.840.10008.1.2.4.${syntax}` }));
  }
  const volume = { shape: [4, 3, 3, 2], values: Array.from({ length: 72 }, (_, i) => i), slope: 2, intercept: 1 };
  add('nifti', nifti(volume), 'nifti');
  add('nifti 2', nifti({ ...volume, version: 2 }), 'nifti');
  add('nifti, packed', new Uint8Array(gzipSync(nifti(volume))), 'nifti');
  return bases;
}
