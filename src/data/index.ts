export {
  type AuditOptions,
  type AuditReport,
  auditDataset,
  findDatasets,
  type ListAudit,
  type NearIdentical,
} from './audit/audit.ts';
export type { IdenticalFiles, Part } from './audit/identical.ts';
export type { BrokenNesting } from './audit/shot_lists.ts';
export type { SharedSource } from './audit/source_name.ts';
export { type Affine, AUGMENTATIONS, type Augmentation } from './augment.ts';
export { decodeImage, decodeMask, isImageName, type StoredMask } from './decode.ts';
export {
  cropMap,
  heatColours,
  heatLayer,
  type MapWindow,
  type OverlayOptions,
  overlayHeatMap,
  type ScoreMap,
} from './heat_map.ts';
export type { Behind, SampleKind } from './image.ts';
export { type Image, type Raster, toGrey, toRgb } from './image.ts';
export { type CheckOptions, checkDataset } from './layout/check.ts';
export type { Dataset, DatasetKind, LayoutName, MaskFiles, Sample, Split } from './layout/dataset.ts';
export { findInputs, type Inputs } from './layout/inputs.ts';
export { type InspectedSet, InspectedSets } from './layout/inspected.ts';
export {
  type ClassCount,
  type Inventory,
  inventoryLines,
  type Leaks,
  type MaskFacts,
  type PatientFacts,
} from './layout/inventory.ts';
export type { LeftOut } from './layout/left_out.ts';
export { type MaskedImage, openDataset, readMask, readSample } from './layout/open.ts';
export type { Problem, ProblemKind } from './layout/problem.ts';
export type { Decoders } from './layout/read_scan.ts';
export { type DataRules, dataRules } from './layout/rules.ts';
export type { Orientation } from './orientation.ts';
export { rulePicture } from './picture.ts';
export { encodePng, encodePng16 } from './png.ts';
export type { Range, RangeRule, RangeSetting } from './range/rule.ts';
export { decodeMapPng, decodeNpyMap, encodeMapPng, encodeNpy } from './raw_map.ts';
export type { Remark } from './remarks.ts';
export { type ResizeKernel, resizeImage, resizeNearest } from './resize.ts';
export { type Shots, sampleShots } from './shots.ts';
