export type { Affine } from './affine.ts';
export type { NiftiHeader, NumberKind } from './header.ts';
export { NiftiFile } from './nifti_file.ts';
export type { Stored } from './numbers.ts';
export { encodeNifti, type NiftiContent } from './write.ts';
