export { type SceneFacts, sceneCaptions } from './captions.ts';
export { captionsOfScene, SCENE_WORDS, type Scene, scene } from './scene.ts';
export { sceneSheet } from './sheet.ts';
