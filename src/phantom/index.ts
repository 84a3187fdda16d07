export { allCaptions, captionsOf, type LesionSize, type PhantomFacts } from './captions.ts';
export type { LesionKind, PhantomFamily } from './family.ts';
export { PHANTOM_FAMILIES, type Phantom, type PhantomOptions, phantom, phantomFamily } from './phantom.ts';
export type { Random } from './random.ts';
export { contactSheet } from './sheet.ts';
export type { Pose, Stage } from './stage.ts';
export { PHANTOM_FACTS, type PhantomSet, writePhantoms } from './write.ts';
