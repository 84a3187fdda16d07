import { readings } from './readings.ts';
import type { Mutation } from './mutation.ts';

/** All mutations by subject. */
export const SUBJECTS: Readonly<Record<string, readonly Mutation[]>> = { readings };
