import { log } from '../base/elementary.ts';
import type { ParameterLaw } from '../clip/generate.ts';
import type { ClipConfig } from '../clip/index.ts';

/** Scale of the cosines at the start, as a logarithm: a temperature of 0.07. */
const LOG_SCALE = log(1 / 0.07);

/**
 * How CLIP initialises a parameter: spreads by width and depth, norms at one, biases at zero. Values are spread evenly
 * with the standard deviation that CLIP gives to its normal distribution.
 * @param name canonical
 */
export function initialLaw({ vision, text }: ClipConfig, name: string, shape: readonly number[]): ParameterLaw {
  const spread = (deviation: number): ParameterLaw => ({ offset: 0, amplitude: deviation * Math.sqrt(3) });
  const { width, layers } = name.startsWith('visual.') ? vision : text;
  if (name === 'logit_scale') return { offset: LOG_SCALE, amplitude: 0 };
  if (/\bln_\w+\.weight$/.test(name)) return { offset: 1, amplitude: 0 };
  if (name.endsWith('bias')) return spread(0);
  if (name === 'token_embedding.weight') return spread(0.02);
  if (name === 'positional_embedding') return spread(0.01);
  if (name === 'visual.conv1.weight') return spread(1 / Math.sqrt(3 * shape[1] * shape[2] * shape[3]));
  if (name.endsWith('mlp.c_fc.weight')) return spread((2 * width) ** -0.5);
  if (/\b(out_proj|c_proj)\.weight$/.test(name)) return spread((2 * width * layers) ** -0.5);
  return spread(width ** -0.5);
}
