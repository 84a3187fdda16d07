import type { ClipConfig } from '../clip/config.ts';
import type { MedClipConfig } from '../medclip/config.ts';

/** What a checkpoint remembers of the model that it was trained on. */
export interface ModelIdentity {
  /** As it was given: a path, `generated:NAME:SEED` or `random:PATH:SEED`. For people; two equal models may have different names. */
  readonly name: string;
  /** Of the configuration and of some tensors of both towers: equal for equal weights, whatever file holds them. */
  readonly hash: string;
  /** SHA-256 of all weights; not of generated ones, which their name says, nor of those of an address. */
  readonly sha256?: string;
  readonly config: ClipConfig | MedClipConfig;
}
