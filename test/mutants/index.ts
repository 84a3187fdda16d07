import { adapters } from './adapters.ts';
import { clip } from './clip.ts';
import { data } from './data.ts';
import { decide } from './decide.ts';
import { engine } from './engine.ts';
import { fusion } from './fusion.ts';
import { kernels } from './kernels.ts';
import { losses } from './losses.ts';
import { metrics } from './metrics.ts';
import type { Mutation } from './mutation.ts';
import { prompts } from './prompts.ts';
import { reports } from './reports.ts';
import { training } from './training.ts';
import { volumes } from './volumes.ts';

/** All mutations by subject. */
export const SUBJECTS: Readonly<Record<string, readonly Mutation[]>> = {
  losses,
  prompts,
  adapters,
  fusion,
  metrics,
  decide,
  training,
  data,
  clip,
  engine,
  kernels,
  volumes,
  reports,
};
