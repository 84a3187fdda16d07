import { fmix32, fnv1a32, ruleU32, ruleUniform } from '../../../src/base/rule.ts';
import { rulePicture } from '../../../src/data/picture.ts';
import { exact, type GoldenCase, type ReadGolden, readFacts } from './golden.ts';

interface RuleFacts {
  fnv1a32: Record<string, number>;
  fmix32: Record<string, number>;
  params: {
    name: string;
    shape: number[];
    seed: number;
    offset: number;
    amplitude: number;
    index: number[];
    u32: number[];
    value: number[];
  }[];
  images: {
    name: string;
    seed: number;
    width: number;
    height: number;
    channels: 1 | 3 | 4;
    lesions: number;
    fnv1a32: number;
    mask_fnv1a32: number;
    mask_on: number;
    first12: number[];
  }[];
}

/** Hashes, numbers and pictures of the generation rule, all to the bit. */
export async function* ruleCases(read: ReadGolden): AsyncGenerator<GoldenCase> {
  const facts = await readFacts<RuleFacts>(read, 'rule');
  for (const [text, hash] of Object.entries(facts.fnv1a32)) yield exact(`fnv1a32 "${text}"`, fnv1a32(text), hash);
  for (const [x, mixed] of Object.entries(facts.fmix32)) yield exact(`fmix32 ${x}`, fmix32(Number(x)), mixed);
  for (const { name, shape, seed, offset, amplitude, index, u32, value } of facts.params) {
    const label = `${name} seed ${seed}`;
    yield exact(
      `u32 ${label}`,
      index.map((i) => ruleU32(name, seed, i)),
      u32,
    );
    const single = index.map((i) => ruleUniform(name, seed, 1, offset, amplitude, i)[0]);
    yield exact(`value ${label}`, single, value);
    const whole = ruleUniform(name, seed, shape, offset, amplitude);
    yield exact(
      `tensor ${label}`,
      index.map((i) => whole[i]),
      value,
    );
  }
  for (const picture of facts.images) {
    const { name, seed, width, height, channels, lesions } = picture;
    const { image, mask } = rulePicture(name, seed, width, height, channels, lesions);
    const made = {
      fnv1a32: fnv1a32(image.data),
      mask_fnv1a32: fnv1a32(mask.data),
      mask_on: mask.data.filter((v) => v > 0).length,
      first12: Array.from(image.data.subarray(0, 12)),
    };
    const { fnv1a32: hash, mask_fnv1a32, mask_on, first12 } = picture;
    yield exact(`picture ${name} ${width}×${height}`, made, { fnv1a32: hash, mask_fnv1a32, mask_on, first12 });
  }
}
