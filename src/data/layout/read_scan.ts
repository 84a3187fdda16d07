import { ahead } from '../../base/ahead.ts';
import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { cellsOf } from '../apart/cells.ts';
import { type FileFacts, fileFacts } from '../apart/file_facts.ts';
import { type Mark, MarkFinder } from '../apart/marks.ts';
import { MaskFit } from '../apart/mask_fit.ts';
import { decodeRaster, type StoredMask } from '../decode.ts';
import type { Image, Raster } from '../image.ts';
import type { Orientation } from '../orientation.ts';
import { shown } from '../range/judge.ts';
import { asRuled, FULL, type RangeRule, shownRaster } from '../range/rule.ts';
import { type ValueFacts, valueFacts } from '../range/values.ts';
import { type Remark, remarksOf } from '../remarks.ts';
import { filesOf, type Sample, type Split } from './dataset.ts';
import { type Lesion, lesionOf, maskSetProblems } from './mask_problems.ts';
import { readMask } from './open.ts';
import { brightPlaces } from './polarity.ts';
import type { Problem, ProblemKind } from './problem.ts';
import { remarkProblems, videoProblems } from './remark_problems.ts';
import type { Scan } from './scanned.ts';

/** What an image's file says. */
export interface ImageFacts {
  readonly id: string;
  readonly split: Split;
  readonly label: 0 | 1;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly file: FileFacts;
  readonly values: ValueFacts;
  /** Where it is bright and where dark; see {@link brightPlaces}. */
  readonly places: Float64Array;
  /** By which it was turned. */
  readonly orientation: Orientation;
  readonly remarks: readonly Remark[];
}

/** What was learned by reading every image and mask of a scan. */
export interface Reading {
  /** Of the images that can be read. */
  readonly images: readonly ImageFacts[];
  /** Images of which a mask was read at one half, for its borders are smeared. */
  readonly smeared: number;
  /** Places by which labels, and splits, are told apart. */
  readonly marks: Readonly<Record<'labels' | 'splits', Mark | null>>;
  readonly problems: readonly Problem[];
}

/** Gets each image of a set, as eyes should see it, with the bytes of its file and its samples; null where they cannot be had. */
export type ImageVisitor = (
  sample: Sample,
  bytes: Uint8Array<ArrayBuffer> | null,
  image: Image | null,
  raster: Raster | null,
) => void | Promise<void>;

/** Who decodes pictures elsewhere, such as on other cores. */
export interface Decoders {
  /** Pictures that it takes at a time. */
  readonly count: number;
  /** As `decodeRaster`, which it throws as. */
  decode(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Raster>;
}

/** One picture at a time, here. */
const HERE: Decoders = { count: 1, decode: async (bytes, name) => decodeRaster(bytes, name) };

/** How a scan is read. */
export interface ReadOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly visit?: ImageVisitor;
  /** Normal-only: whoever trains without abnormal images does not look at those of `valid`. */
  readonly normalOnly?: boolean;
  /** Whether images of `train` are read too. */
  readonly train?: boolean;
  /** Whether `mask.background` was said, so that large lesions are no question. */
  readonly backgroundGiven?: boolean;
  /** How values are read, where that is said. */
  readonly rule?: RangeRule;
  readonly decoders?: Decoders;
}

/** Reads every image and mask of a scan, in their order, and tells all that is wrong instead of stopping at the first. */
export async function readScan(fs: FileSystem, scan: Scan, options: ReadOptions = {}): Promise<Reading> {
  const { onProgress, visit, train = false, normalOnly = false, backgroundGiven = false, rule = FULL } = options;
  const { count, decode } = options.decoders ?? HERE;
  const problems: Problem[] = [];
  const images: ImageFacts[] = [];
  const lesions: Lesion[] = [];
  const marks: Marks = { labels: new MarkFinder(), splits: new MarkFinder() };
  const fit = new MaskFit();
  const seen = ({ split, label }: Sample) => !normalOnly || split === 'test' || label === 0;
  const own = scan.classes.flatMap((c) => c.samples.filter(seen));
  const samples = train ? [...own, ...scan.train] : own;
  let done = 0;
  const open = async (sample: Sample) => {
    const { path } = sample;
    const leave = filesOf(sample, scan.path);
    const found: Problem[] = [];
    const broken = { kind: 'broken_image', path, leave, problems: found } as const;
    const bytes = await attempt(() => fs.readFile(path), broken);
    const raster = bytes && (await attempt(() => decode(bytes, path), broken));
    return { sample, leave, found, bytes, raster };
  };
  for await (const { sample, leave, found, bytes, raster } of ahead(samples, count, open)) {
    problems.push(...found);
    const facts = raster && factsOf(sample, bytes!, asRuled(raster, rule), problems, marks);
    if (facts) images.push(facts);
    await visit?.(sample, bytes, raster && shownRaster(raster), raster);
    const lesion = await checkMask(fs, sample, { facts, raster, fit }, leave, problems);
    if (lesion && done < own.length) lesions.push(lesion);
    onProgress?.(++done, samples.length);
  }
  const smeared = lesions.filter((lesion) => lesion.smeared).length;
  const together = [...remarkProblems(scan.path, images), ...videoProblems(scan.path, images)];
  const ofMasks = [...maskSetProblems(scan, lesions, backgroundGiven), ...fit.problems(scan.path)];
  return {
    images,
    smeared,
    marks: { labels: marks.labels.find(), splits: marks.splits.find() },
    problems: [...problems, ...together, ...ofMasks],
  };
}

type Marks = Record<'labels' | 'splits', MarkFinder>;

function factsOf(
  { id, path, split, label }: Sample,
  bytes: Uint8Array,
  raster: Raster,
  problems: Problem[],
  marks: Marks,
): ImageFacts {
  const values = valueFacts(raster);
  const { lowest, highest } = values;
  if (lowest === highest) {
    const message = lowest === 0 ? 'the image is black' : `every pixel of the image has the value ${shown(lowest)}`;
    problems.push({ kind: 'constant_image', severity: 'warning', path, message });
  }
  const { width, height, channels } = raster;
  const { orientation = 1 } = raster;
  const cells = cellsOf(raster);
  marks.labels.add(label, raster, cells, values);
  marks.splits.add(split === 'valid' ? 0 : 1, raster, cells, values);
  return {
    ...{ id, split, label, width, height, channels, values, orientation },
    file: fileFacts(bytes, path, raster),
    places: brightPlaces(cells),
    remarks: remarksOf(raster),
  };
}

/** The lesion of an image by its masks; null without any, or where they cannot be read. */
async function checkMask(
  fs: FileSystem,
  sample: Sample,
  { facts: image, raster, fit }: { facts: ImageFacts | null; raster: Raster | null; fit: MaskFit },
  leave: readonly string[],
  problems: Problem[],
): Promise<Lesion | null> {
  const { mask: files, label } = sample;
  if (files === null) return null;
  const [path] = files.paths;
  const parts: StoredMask[] = [];
  const read = () => readMask(fs, files, image, (part) => parts.push(part));
  const mask = await attempt(read, { kind: 'broken_mask', path, leave, problems });
  if (!mask) return null;
  if (image && (mask.width !== image.width || mask.height !== image.height)) {
    const message = `${mask.width}×${mask.height} pixels for an image of ${image.width}×${image.height}; give both the same size`;
    problems.push({ kind: 'size_mismatch', severity: 'error', path, message, leave });
  } else if (raster && label === 1) fit.add(sample, raster, mask);
  const lesion = lesionOf(sample, mask, parts);
  if (lesion.share > 0 && label === 0) {
    const message = 'a normal image with a lesion in its mask';
    problems.push({ kind: 'lesion_in_good', severity: 'error', path, message, leave });
  }
  if (lesion.share === 0 && label === 1) {
    const message = 'an abnormal image with nothing in its mask';
    problems.push({ kind: 'empty_mask', severity: 'warning', path, message });
  }
  return lesion;
}

/** The result of `read`, or null with a problem recorded when the file cannot be read or decoded. */
async function attempt<T>(
  read: () => Promise<T>,
  { kind, path, leave, problems }: { kind: ProblemKind; path: string; leave: readonly string[]; problems: Problem[] },
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof FusionclipError)) throw error;
    // A file that can be read may still leave something open.
    const open = error.code === 'bad_data';
    problems.push({ kind: open ? 'unclear_mask' : kind, severity: 'error', path, message: error.message, leave });
    return null;
  }
}
