import { fnv1a32 } from '../../../src/base/rule.ts';
import { type PreprocessVariant, preprocess, preprocessMask, resizeForClip } from '../../../src/clip/preprocess.ts';
import { AUGMENTATIONS, warp, warpMask } from '../../../src/data/augment.ts';
import { rulePicture } from '../../../src/data/picture.ts';
import { exact, type GoldenCase, type ReadGolden, readFacts, readTensors, tensorCase } from './golden.ts';

interface PreprocessFacts {
  seed: number;
  cases: {
    name: string;
    width: number;
    height: number;
    channels: 1 | 3 | 4;
    lesions: number;
    fnv1a32: number;
    variant: PreprocessVariant;
    size: number;
    resized_fnv1a32: number;
    u8_hwc_sample64: number[];
    f32_chw_sample64: number[];
  }[];
  masks: { name: string; variant: PreprocessVariant; size: number; on: number; fnv1a32: number }[];
  augment: { theta: Record<string, number[][]>; mask_on: Record<string, number> };
  tensors: Record<string, { shape: number[]; max_abs: number }>;
}

/** Pictures, resized bytes, float inputs and masks of the four variants to the bit; the ten warps at the tolerance. */
export async function* preprocessCases(read: ReadGolden): AsyncGenerator<GoldenCase> {
  const facts = await readFacts<PreprocessFacts>(read, 'preprocess');
  const pictures = new Map<string, ReturnType<typeof rulePicture>>();
  for (const { name, width, height, channels, lesions, fnv1a32: hash } of facts.cases) {
    if (pictures.has(name)) continue;
    const picture = rulePicture(name, facts.seed, width, height, channels, lesions);
    pictures.set(name, picture);
    yield exact(`picture ${name}`, fnv1a32(picture.image.data), hash);
  }
  for (const { name, variant, size, resized_fnv1a32, u8_hwc_sample64, f32_chw_sample64 } of facts.cases) {
    const { image } = pictures.get(name)!;
    const label = `${name} ${variant} ${size}`;
    const bytes = resizeForClip(image, variant, size).data;
    yield exact(`resized ${label}`, fnv1a32(bytes), resized_fnv1a32);
    yield exact(`bytes ${label}`, spread(bytes, 64), u8_hwc_sample64);
    yield exact(`input ${label}`, spread(preprocess(image, variant, size), 64), f32_chw_sample64);
  }
  for (const { name, variant, size, on, fnv1a32: hash } of facts.masks) {
    const mask = preprocessMask(pictures.get(name)!.mask, variant, size);
    yield exact(`mask ${name} ${variant} ${size}`, [mask.filter((v) => v === 1).length, fnv1a32(mask)], [on, hash]);
    if (variant !== 'mvfa') continue;
    for (const other of ['openai', 'winclip'] as const) {
      const same = preprocessMask(pictures.get(name)!.mask, other, size);
      yield exact(`mask ${name} ${other} ${size}`, fnv1a32(same), hash);
    }
  }
  yield* augmentCases(facts, pictures.get('pre.same')!, read);
}

async function* augmentCases(
  facts: PreprocessFacts,
  { image, mask }: ReturnType<typeof rulePicture>,
  read: ReadGolden,
): AsyncGenerator<GoldenCase> {
  const tensors = await readTensors(read, 'preprocess');
  const input = preprocess(image, 'mvfa', 56);
  const small = preprocessMask(mask, 'mvfa', 56);
  const [identity, ...warps] = AUGMENTATIONS;
  yield exact('augment.identity', fnv1a32(bytesOf(warp(input, 56, identity))), fnv1a32(bytesOf(input)));
  yield exact(
    'augment names and order',
    warps.map(({ name }) => name),
    Object.keys(facts.augment.theta),
  );
  for (const view of warps) {
    yield tensorCase(`augment.${view.name}`, warp(input, 56, view), facts.tensors, tensors);
    const on = warpMask(small, 56, view).filter((v) => v === 1).length;
    yield exact(`augment.${view.name} mask`, on, facts.augment.mask_on[view.name]);
  }
}

function spread(values: ArrayLike<number>, count: number): number[] {
  return Array.from({ length: count }, (_, j) => values[Math.floor((j * values.length) / count)]);
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
