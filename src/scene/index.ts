export { type SceneFacts, sceneCaptions } from './captions.ts';
export { captionsOfScene, type Scene, scene } from './scene.ts';
export { sceneSheet } from './sheet.ts';
