export { BertTower } from './bert.ts';
export { MEDCLIP_PRESETS, type MedClipConfig } from './config.ts';
export { GeneratedMedClip, generatedMedClip, holdsMedClip, MedClipFile, openMedClip } from './model_file.ts';
export { medClipInput } from './preprocess.ts';
export { ResNetTower } from './resnet.ts';
export { SwinTower } from './swin.ts';
export { loadMedClipVision } from './vision.ts';
export { WordPiece } from './word_piece.ts';
