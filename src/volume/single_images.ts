import { counted } from '../base/counted.ts';
import type { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { type Accepted, refusal } from './accept.ts';
import { DicomVolume } from './dicom_volume.ts';
import type { Held } from './held.ts';
import { secretName, secretOrder } from './secret_name.ts';
import type { SliceHeader } from './slice_header.ts';

/** Modalities whose images lie nowhere in the patient: projections, ultrasound, photographs, captures (PS3.3 C.7.3.1.1.1). */
const FLAT = new Set('CR DX MG PX IO RG XA RF US XC ES GM OP SC OT DMS'.split(' '));

/** Classes of secondary captures, whatever modality they were made of. */
const CAPTURE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.|$)/;

/** Whether a frame is an image by itself: of a kind that has no place in the patient, and without one. */
export function isSingle({ place, modality, sopClass }: SliceHeader): boolean {
  return !(place.position && place.orientation) && (FLAT.has(modality) || CAPTURE.test(sopClass));
}

/** What tells a single image from all others: its object, or its file, and the frame. */
export function imageKey({ instance, path, frame }: SliceHeader): string {
  return `${instance || path}|${frame}`;
}

/** Images by themselves, each a volume of one slice, with the rank that orders them everywhere alike. */
export interface SingleImages {
  readonly images: readonly { readonly volume: DicomVolume; readonly rank: string }[];
  readonly notes: readonly string[];
  readonly refused: readonly FusionclipError[];
}

/**
 * Makes images of frames that are no part of a volume. Several frames of an object, and the same object in several files, are
 * refused by name unless `frames` or `doubles` is accepted.
 * @param people names of patients, by their identifiers and studies
 */
export async function singleImages(
  fs: FileSystem,
  found: readonly SliceHeader[],
  accept: ReadonlySet<Accepted>,
  people: (header: SliceHeader) => { readonly patient: string; readonly order: string },
  held: Held,
): Promise<SingleImages> {
  const images: { volume: DicomVolume; rank: string }[] = [];
  const refused: FusionclipError[] = [];
  const seen = new Map<string, SliceHeader>();
  let [doubles, frames] = [0, 0];
  for (const header of found) {
    const { frame, file, modality } = header;
    const key = imageKey(header);
    const first = seen.get(key);
    if (first && !accept.has('doubles')) {
      if (frame === 0) {
        const text = `${file}: the same image as ${first.file}; leave one out, or --accept doubles takes the first.`;
        refused.push(refusal(text, 'doubles'));
      }
      continue;
    }
    if (first) {
      doubles++;
      continue;
    }
    seen.set(key, header);
    if (header.frames > 1 && !accept.has('frames')) {
      if (frame === 0) {
        const what = `${file}: one object of ${header.frames} frames (${modality || 'no modality'}), not one image`;
        refused.push(refusal(`${what}; --accept frames takes each frame as an image.`, 'frames'));
      }
      continue;
    }
    if (header.frames > 1) frames++;
    const { patient, order } = people(header);
    const name = `image ${await secretName(fs, key)}`;
    const [down, across] = header.place.spacing ?? [1, 1];
    const affine = [
      [across, 0, 0, 0],
      [0, down, 0, 0],
      [0, 0, 1, 0],
    ];
    const volume = new DicomVolume(
      fs,
      { name, patient },
      { slices: [header], numbers: [0], affine, notes: [] },
      held,
      false,
    );
    images.push({ volume, rank: `${order} ${await secretOrder(key)}` });
  }
  const notes: string[] = [];
  if (doubles > 0)
    notes.push(`left out: ${counted(doubles, 'image')} that ${doubles === 1 ? 'is' : 'are'} there twice`);
  if (frames > 0) notes.push(`${counted(frames, 'frame')} of objects with several, each an image (accepted)`);
  return { images, notes: [...notes, ...imageNotes(images.map(({ volume }) => volume.slices[0]))], refused };
}

/** What single images are: modalities, views, sides, and what is to be known of their grey values. */
function imageNotes(headers: readonly SliceHeader[]): string[] {
  if (headers.length === 0) return [];
  const shares = (of: (header: SliceHeader) => string) => {
    const counts = new Map<string, number>();
    for (const header of headers) counts.set(of(header) || 'unknown', (counts.get(of(header) || 'unknown') ?? 0) + 1);
    return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([name, count]) => `${count} ${name}`);
  };
  const known = (of: (header: SliceHeader) => string) => headers.some((header) => of(header) !== '');
  const facts = [`modality ${shares(({ modality }) => modality).join(', ')}`];
  if (known(({ view }) => view)) facts.push(`view ${shares(({ view }) => view).join(', ')}`);
  if (known(({ side }) => side)) facts.push(`side ${shares(({ side }) => side).join(', ')}`);
  const notes = [`images: ${facts.join('; ')}`];
  const count = (is: (header: SliceHeader) => boolean) => headers.filter(is).length;
  const raw = count((header) => header.raw);
  if (raw > 0) {
    notes.push(
      `${counted(raw, 'image')} FOR PROCESSING: values of the detector, which look unlike images for presentation`,
    );
  }
  const contradicting = count((header) => header.contradicts);
  if (contradicting > 0) {
    notes.push(
      `${counted(contradicting, 'image')} whose presentation LUT shape contradicts the photometric interpretation, which is followed`,
    );
  }
  return notes;
}
