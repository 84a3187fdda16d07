import { FusionclipError } from '../../src/base/errors.ts';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { NiftiFile } from '../../src/nifti/nifti_file.ts';
import { files } from '../nifti/nifti_maker.ts';

/** Whole numbers below `most`, the same for the same seed. */
export function random(seed: number): (most: number) => number {
  let state = seed >>> 0;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    mixed ^= mixed >>> 12;
    return (mixed >>> 0) % most;
  };
}

/** A copy with a few bytes changed, cut short, or with a part twice. */
export function mutated(bytes: Uint8Array, seed: number): Uint8Array<ArrayBuffer> {
  const next = random(seed);
  let out = new Uint8Array(bytes);
  const kind = next(8);
  if (kind === 0) out = out.slice(0, next(out.length));
  else if (kind === 1) {
    const at = next(out.length);
    const part = out.slice(at, at + next(64));
    out = new Uint8Array([...out.subarray(0, at), ...part, ...out.subarray(at)]);
  }
  const values = [0, 1, 0x7f, 0x80, 0xff];
  for (let i = next(6); i >= 0; i--) {
    // The beginning says what the rest is, so it is hit more often.
    const at = next(next(2) ? out.length : Math.min(out.length, 700));
    if (at < out.length) out[at] = next(2) ? values[next(values.length)] : next(256);
  }
  return out;
}

/** What became of an input. */
export type Fate = 'read' | 'refused';

/** Reads all of a file. Throws what is not a refusal in words. */
export async function fateOf(bytes: Uint8Array<ArrayBuffer>, kind: 'dicom' | 'nifti'): Promise<Fate> {
  try {
    if (kind === 'nifti') {
      const name = bytes[0] === 0x1f ? 'a.nii.gz' : 'a.nii';
      const file = await NiftiFile.open(files({ [name]: bytes }), name);
      await file.slice(0);
      await file.slice(file.header.shape[2] - 1, file.volumes - 1);
    } else {
      const file = DicomFile.read(bytes, 'a.dcm');
      if (file.hasPixels) {
        file.place(0);
        for (let i = 0; i < Math.min(3, file.format.frames); i++) await file.frame(i);
      }
    }
    return 'read';
  } catch (error) {
    if (error instanceof FusionclipError) return 'refused';
    throw error;
  }
}
