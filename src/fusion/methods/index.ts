import { type MethodKindName, methodPreset } from '../presets.ts';
import { aprilGan } from './april_gan.ts';
import { clipBoth } from './clip_both.ts';
import { clipMemory } from './clip_memory.ts';
import { clipText } from './clip_text.ts';
import { fusionclip } from './fusionclip.ts';
import type { MethodKind } from './method.ts';
import { mvfa } from './mvfa.ts';
import { winclip } from './winclip.ts';
import { winclipPlus } from './winclip_plus.ts';

export * from './april_gan.ts';
export * from './clip_both.ts';
export * from './clip_memory.ts';
export * from './clip_text.ts';
export * from './fusionclip.ts';
export * from './method.ts';
export * from './mvfa.ts';
export * from './winclip.ts';
export * from './winclip_plus.ts';

const KINDS: Readonly<Record<MethodKindName, MethodKind>> = {
  fusionclip,
  'clip-text': clipText,
  'clip-memory': clipMemory,
  'clip-both': clipBoth,
  winclip,
  'winclip+': winclipPlus,
  'april-gan': aprilGan,
  mvfa,
};

/** The implementation of a method's name. */
export function methodKind(name: string): MethodKind {
  return KINDS[methodPreset(name).kind];
}
