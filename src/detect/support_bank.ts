import { FusionclipError } from '../base/errors.ts';
import { type Image, imageHash } from '../data/image.ts';
import type { StoredBank } from '../fusion/memory_bank.ts';

/**
 * What an adapters file holds of the normal support images, which the few-shot branch compares with: features of their patches,
 * the images themselves at the model's size, or nothing.
 */
export type BankKind = 'features' | 'pixels' | 'none';

/** The support images as a file holds them. */
export interface SupportBank {
  readonly kind: BankKind;
  /** A hash of each normal image at the model's size: it tells the same image again, and shows nothing of it. */
  readonly images: readonly string[];
  /** The images themselves, of `pixels` alone. */
  readonly pixels: readonly Image[];
  /** Rows of the memory bank, of `features` alone. */
  readonly features: StoredBank | null;
}

/** A tensor of a file. */
interface FileTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const PIXELS = 'support.normal';
/** Names are `bank/KEY/ENTRY`; no parameter has a slash in its name. */
const ROWS = /^bank\/(.+)\/(\d+)$/;

/** The bank of a run that ends. @param rows what its scorer remembers; null where it remembers nothing */
export function supportBank(kind: BankKind, normals: readonly Image[], rows: StoredBank | null): SupportBank {
  const features = kind === 'features' && rows && rows.size > 0 ? rows : null;
  return {
    kind: kind === 'features' && !features ? 'none' : kind,
    images: normals.map(imageHash),
    pixels: kind === 'pixels' ? normals : [],
    features,
  };
}

/** The tensors of a file that are a bank's and no weights. */
export function isBankTensor(name: string): boolean {
  return name === PIXELS || ROWS.test(name);
}

/** A bank as tensors. */
export function bankTensors({ pixels, features }: SupportBank): [string, FileTensor][] {
  const out: [string, FileTensor][] = [];
  if (pixels.length > 0) {
    const [{ width, height }] = pixels;
    const data = new Uint8Array(pixels.length * height * width * 3);
    pixels.forEach((image, i) => {
      data.set(image.data, i * height * width * 3);
    });
    out.push([PIXELS, { dtype: 'U8', shape: [pixels.length, height, width, 3], data }]);
  }
  for (const [key, entries] of features ?? []) {
    entries.forEach(({ shape, values }, i) => {
      const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      out.push([`bank/${key}/${i}`, { dtype: 'F32', shape, data }]);
    });
  }
  return out;
}

/**
 * A bank of a file's tensors, or null when they are none. Files of before there was a choice hold pixels and no list of images.
 * @param floats the F32 tensors
 */
export function readBank(
  kind: BankKind | undefined,
  images: readonly string[] | undefined,
  tensors: ReadonlyMap<string, FileTensor>,
  floats: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array<ArrayBuffer> }>,
): SupportBank | null {
  const pixels = imagesOf(tensors.get(PIXELS));
  if (kind === undefined || kind === 'pixels') {
    return pixels && { kind: 'pixels', images: images ?? pixels.map(imageHash), pixels, features: null };
  }
  if (!images) return null;
  if (kind === 'none') return { kind, images, pixels: [], features: null };
  const features = new Map<string, { shape: readonly number[]; values: Float32Array<ArrayBuffer> }[]>();
  for (const [name, tensor] of floats) {
    const [, key, entry] = ROWS.exec(name) ?? [];
    if (key === undefined) continue;
    const list = features.get(key) ?? [];
    list[Number(entry)] = tensor;
    features.set(key, list);
  }
  // One entry for each image under every key.
  const whole =
    features.size > 0 &&
    [...features.values()].every((list) => list.length === images.length && !list.includes(undefined!));
  return whole ? { kind, images, pixels: [], features } : null;
}

/** What a file holds of images, for whoever has it in hand. */
export function bankSentence({ kind, images }: SupportBank, file: string): string {
  const all = images.length === 1 ? 'the normal support image' : `the ${images.length} normal support images`;
  if (kind === 'pixels') return `${file} holds ${all} themselves: whoever gets the file gets the pictures.`;
  if (kind === 'none') return `${file} holds nothing of ${all}.`;
  return `${file} holds features of ${all}, and no picture; features are not anonymous.`;
}

/** The refusal to use a file without images for what needs them. @param what e.g. `--memory.cls true needs` */
export function needsImages(file: string, { kind }: SupportBank, what: string, data: string): FusionclipError {
  return new FusionclipError(
    'bad_model',
    `${what} the normal support images, which ${file} does not hold (--bank ${kind}), and they are not at ${data} any more; ` +
      'put the data set back there, or train with --bank pixels.',
  );
}

function imagesOf(tensor: FileTensor | undefined): Image[] | null {
  if (tensor?.dtype !== 'U8' || tensor.shape.length !== 4 || tensor.shape[3] !== 3) return null;
  const [count, height, width] = tensor.shape;
  const bytes = height * width * 3;
  return Array.from({ length: count }, (_, i) => ({
    width,
    height,
    channels: 3,
    data: tensor.data.slice(i * bytes, (i + 1) * bytes),
  }));
}
