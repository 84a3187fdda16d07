export { allCaptions, captionsOf, type LesionSize, type PhantomFacts } from './captions.ts';
export type { LesionKind, PhantomFamily } from './family.ts';
export { PHANTOM_FAMILIES, type Phantom, type PhantomOptions, phantom, phantomFamily } from './phantom.ts';
export { contactSheet } from './sheet.ts';
export { PHANTOM_FACTS, type PhantomSet, writePhantoms } from './write.ts';
