import { type MethodName, methodPreset } from '../presets.ts';
import { aprilGan } from './april_gan.ts';
import { clipBoth, clipMemory, clipText } from './clip.ts';
import { fusionclip } from './fusionclip.ts';
import type { Method } from './method.ts';
import { mvfa } from './mvfa.ts';
import { winclip } from './winclip.ts';
import { winclipPlus } from './winclip_plus.ts';

export * from './april_gan.ts';
export * from './clip.ts';
export * from './fusionclip.ts';
export * from './method.ts';
export * from './mvfa.ts';
export * from './winclip.ts';
export * from './winclip_plus.ts';

const KINDS: Readonly<Record<Exclude<MethodName, 'medclip'>, Method>> = {
  fusionclip,
  'clip-text': clipText,
  'clip-memory': clipMemory,
  'clip-both': clipBoth,
  winclip,
  'winclip+': winclipPlus,
  'april-gan': aprilGan,
  mvfa,
};

/** Whether a method runs on a MedCLIP model; all others run on CLIP. */
export function runsOnMedClip(name: string): boolean {
  return methodPreset(name).kind === 'medclip';
}

/** The implementation of the name of a method that runs on CLIP. */
export function methodOf(name: string): Method {
  const { kind } = methodPreset(name);
  if (kind === 'medclip') throw new Error(`${name} has towers of its own: see MedClip`);
  return KINDS[kind];
}
