export { BertTower } from './bert.ts';
export {
  MEDCLIP_PRESETS,
  type MedClipConfig,
  type ResNetConfig,
  type ResNetStage,
  type SwinConfig,
  type SwinStage,
} from './config.ts';
export { GeneratedMedClip, generatedMedClip, holdsMedClip, MedClipFile, openMedClip } from './model_file.ts';
export { medClipInput } from './preprocess.ts';
export { ResNetTower } from './resnet.ts';
export type { MedClipVisionOptions, MedClipWeights, StageFeatures, StageTower } from './stage_tower.ts';
export { SwinTower } from './swin.ts';
export { loadMedClipVision } from './vision.ts';
export { WordPiece } from './word_piece.ts';
