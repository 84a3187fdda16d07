import { counted } from '../base/counted.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { isDicom } from '../dicom/part10.ts';
import { type Accepted, refusal } from './accept.ts';
import { DicomVolume } from './dicom_volume.ts';
import { Held } from './held.ts';
import { NiftiVolume } from './nifti_volume.ts';
import { orderSlices } from './order.ts';
import { Remarks } from './remarks.ts';
import { calledFile, secretName, secretOrder, withSecretNames } from './secret_name.ts';
import { imageKey, isSingle, singleImages } from './single_images.ts';
import { Skips } from './skips.ts';
import { readSliceHeaders, type SliceHeader } from './slice_header.ts';
import type { Volume } from './volume.ts';

/** What was found below a folder. */
export interface Collected {
  readonly volumes: readonly CollectedVolume[];
  /** DICOM segmentations (SEG), which are masks. */
  readonly segmentations: readonly string[];
  /** What was left out or accepted, for people. */
  readonly notes: readonly string[];
  /** Series that are refused, each with its sentence. */
  readonly refused: readonly FusionclipError[];
  /** What is held of the volumes. */
  readonly held: Held;
}

/** A volume and where it came from. */
export interface CollectedVolume {
  readonly volume: Volume;
  /** Of its first file, below the folder that was given. */
  readonly path: string;
  readonly kind: 'DICOM' | 'NIfTI';
  /** Of the study that it is in; the folder of a NIfTI file. */
  readonly study: string;
  /** By which DICOM series of several patients, whose names depend on a secret, come in the same order everywhere; else ''. */
  readonly rank: string;
}

/** How volumes are looked for. */
export interface CollectOptions {
  readonly accept?: ReadonlySet<Accepted>;
  /** Which volume of a file with several. */
  readonly volume?: number | null;
  /** Files, series, images and patients to leave out. */
  readonly skip?: Skips;
  /** What is held of volumes, these and others. */
  readonly held?: Held;
}

/** Names of NIfTI files. */
const NIFTI = /\.(nii|hdr)(\.gz)?$/i;

/** Bytes that tell a DICOM file. */
const START = 256;

/**
 * All volumes below a folder, in one file, or in some files together: DICOM series by series, frame of reference and orientation, NIfTI files by
 * themselves. Headers alone are read. Names of series and patients are hashes.
 * @throws FusionclipError `io`; `bad_image` for a file that cannot be read, unless `damaged` is accepted
 */
export async function collectVolumes(
  base: FileSystem,
  roots: string | readonly string[],
  options: CollectOptions = {},
): Promise<Collected> {
  const accept = options.accept ?? new Set();
  const notes: string[] = [];
  const refused: FusionclipError[] = [];
  const headers: SliceHeader[] = [];
  const segmentations: string[] = [];
  const volumes: CollectedVolume[] = [];
  const held = options.held ?? new Held();
  const chosen = new Remarks();
  let others = 0;
  let results = 0;
  const all = [roots].flat();
  const fs = withSecretNames(base, all);
  const { skip = new Skips() } = options;
  let skipped = 0;
  for (const { root, path } of await filesOf(fs, all)) {
    if (skip.has(nameBelow(root, path)) || (skip.any && skip.has(await calledFile(fs, path)))) {
      skipped++;
      continue;
    }
    if (NIFTI.test(path)) {
      const name = nameBelow(root, path);
      try {
        const patient = name.replace(/[/\\].*$/, '').replace(/\.(nii|hdr)(\.gz)?$/i, '');
        const volume = await NiftiVolume.open(fs, path, { name, patient }, options.volume ?? null, held);
        const [index, count] = volume.among;
        if (count > 1) chosen.add(name, `volume ${index} of the ${count} that its file holds, from 0 on`);
        volumes.push({ volume, path, kind: 'NIfTI', study: patient, rank: '' });
      } catch (error) {
        damaged(error);
      }
      continue;
    }
    if (!isDicom(await fs.readRange(path, 0, START))) {
      others++;
      continue;
    }
    try {
      const found = await readSliceHeaders(fs, path);
      if (!found) others++;
      else if (found[0]?.ownResult) results++;
      else if (found[0]?.modality === 'SEG') segmentations.push(path);
      else headers.push(...found);
    } catch (error) {
      damaged(error);
    }
  }
  function damaged(error: unknown): void {
    if (!(error instanceof FusionclipError) || ['io', 'interrupted'].includes(error.code)) throw error;
    if (error.code === 'bad_image' && accept.has('damaged')) notes.push(`left out: ${error.message}`);
    else refused.push(error.code === 'bad_image' ? refusal(error.message, 'damaged') : error);
  }
  notes.push(...chosen.lines());
  if (results > 0) notes.push(`left out: ${counted(results, 'result')} of this program`);
  if (others > 0) notes.push(`${counted(others, 'file')} of other kinds`);

  const people = await patientNames(fs, headers);
  const called = skip.any ? await calledFrames(fs, headers) : null;
  const left = called
    ? headers.filter((header) => !Object.values(called.get(header)!).some((name) => skip.has(name)))
    : headers;
  skipped += new Set(headers.map(({ path }) => path)).size - new Set(left.map(({ path }) => path)).size;
  if (skipped > 0) notes.push(`left out: ${counted(skipped, 'file')}, as --skip says`);
  const single = left.filter(isSingle);
  const placed = left.filter((header) => !isSingle(header));
  const taken = { placed: placed.length + volumes.length > 0, single: single.length > 0 };
  if (taken.placed && taken.single) {
    if (accept.has('placeless')) taken.single = false;
    else if (accept.has('volumes')) taken.placed = false;
    const what = `${counted(single.length, 'image')} without a place in the patient`;
    if (!taken.single) notes.push(`left out: ${what}, beside volumes`);
    else if (!taken.placed) notes.push(`left out: volumes beside ${what}`);
    else {
      const ways = '--accept placeless takes the volumes alone, --accept volumes the images alone';
      refused.push(refusal(`Volumes and ${what} are together; ${ways}.`, 'placeless'));
    }
  }
  if (!taken.placed) volumes.splice(0);
  if (taken.single) {
    const found = await singleImages(fs, single, accept, people, held);
    notes.push(...found.notes);
    refused.push(...found.refused);
    for (const { volume, rank } of found.images) {
      const { path, study } = volume.slices[0];
      volumes.push({ volume, path, kind: 'DICOM', study: `study ${await secretName(fs, study)}`, rank });
    }
  }
  for (const [key, group] of grouped(taken.placed ? placed : [])) {
    const name = `series ${await secretName(fs, key)}`;
    try {
      const ordered = orderSlices(name, group, accept);
      notes.push(...ordered.notes.map((note) => `${name}: ${note}`));
      const { patient, order } = people(group[0]);
      const volume = new DicomVolume(fs, { name, patient }, ordered, held);
      const study = `study ${await secretName(fs, group[0].study)}`;
      const rank = `${order} ${await secretOrder(key)}`;
      volumes.push({ volume, path: ordered.slices[0].path, kind: 'DICOM', study, rank });
    } catch (error) {
      if (!(error instanceof FusionclipError)) throw error;
      refused.push(error);
    }
  }
  return { volumes, segmentations, notes, refused, held };
}

/** What messages call a frame: the patient, the series, and the image where it is one by itself, else ''. */
export interface CalledFrame {
  readonly patient: string;
  readonly series: string;
  readonly image: string;
}

/** What frames are called. */
export async function calledFrames(
  fs: FileSystem,
  headers: readonly SliceHeader[],
): Promise<Map<SliceHeader, CalledFrame>> {
  const people = await patientNames(fs, headers);
  const out = new Map<SliceHeader, CalledFrame>();
  for (const [key, group] of grouped(headers)) {
    const series = `series ${await secretName(fs, key)}`;
    for (const header of group) {
      const image = isSingle(header) ? `image ${await secretName(fs, imageKey(header))}` : '';
      out.set(header, { patient: people(header).patient, series, image });
    }
  }
  return out;
}

/** A path below a root; a root that is a file has its own. */
export function nameBelow(root: string, path: string): string {
  return path.slice(path === root ? 0 : root.length).replace(/^[/\\]+/, '');
}

/** The files below each of some paths, and below which of these. */
async function filesOf(fs: FileSystem, roots: readonly string[]): Promise<{ root: string; path: string }[]> {
  const found = [];
  for (const root of roots) found.push(...(await filesBelow(fs, root)).map((path) => ({ root, path })));
  return found;
}

/** Files below a folder, in the order of their paths; hidden ones are left alone. */
export async function filesBelow(fs: FileSystem, root: string, level = 0): Promise<string[]> {
  const what = await fs.stat(root);
  if (!what) throw new FusionclipError('io', `${root} does not exist.`);
  if (what.kind === 'file') return [root];
  if (what.kind !== 'directory' || level > 32) return [];
  const out: string[] = [];
  for (const { name, kind, link } of await fs.list(root)) {
    if (name.startsWith('.') || name === 'DICOMDIR') continue;
    const path = joinPath(root, name);
    if (kind === 'file') out.push(path);
    // A link to a folder may lead round in a circle.
    else if (kind === 'directory' && !link) out.push(...(await filesBelow(fs, path, level + 1)));
  }
  return out;
}

/** The DICOM files at a path, whether they hold pixels or not. */
export async function dicomFilesBelow(fs: FileSystem, root: string): Promise<string[]> {
  const out: string[] = [];
  for (const path of await filesBelow(fs, root)) if (isDicom(await fs.readRange(path, 0, START))) out.push(path);
  return out;
}

/** By series, frame of reference, and orientation to a hundredth. */
function grouped(headers: readonly SliceHeader[]): Map<string, SliceHeader[]> {
  const groups = new Map<string, SliceHeader[]>();
  for (const header of headers) {
    // Localizers and pictures without a place belong to their series, which is told of them.
    const series = `${header.series}|${header.frameOfReference}`;
    const turn = header.place.orientation?.map((value) => Math.round(value * 100) / 100 + 0).join(' ') ?? '';
    const key = `${series}|${turn}`;
    groups.set(key, [...(groups.get(key) ?? []), header]);
  }
  // Pictures without an orientation go with the first group of their series.
  for (const [key, group] of groups) {
    const series = key.slice(0, key.lastIndexOf('|') + 1);
    const other = [...groups.keys()].find((one) => one !== key && one.startsWith(series));
    if (key === series && other) {
      groups.set(other, [...(groups.get(other) ?? []), ...group]);
      groups.delete(key);
    }
  }
  return groups;
}

/**
 * A name for each patient, and their rank: a hash with a study of theirs, as a number alone is soon found by trying all. Without a
 * number each study is of somebody else.
 */
async function patientNames(
  fs: FileSystem,
  headers: readonly SliceHeader[],
): Promise<(header: SliceHeader) => { readonly patient: string; readonly order: string }> {
  const idOf = ({ patientId, study }: SliceHeader) => patientId || `study ${study}`;
  const studies = new Map<string, string>();
  for (const header of headers) {
    const known = studies.get(idOf(header));
    if (known === undefined || header.study < known) studies.set(idOf(header), header.study);
  }
  const names = new Map<string, { readonly patient: string; readonly order: string }>();
  for (const [id, study] of studies) {
    const key = `${study}|${id}`;
    names.set(id, { patient: `patient ${await secretName(fs, key)}`, order: await secretOrder(key) });
  }
  return (header) => names.get(idOf(header))!;
}
