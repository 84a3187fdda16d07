/** What trains and scores: all that the page needs only when there is something to do. */

export { InspectedSets } from '../../src/data/layout/inspected.ts';
export { evaluateRun, openAdapters } from '../../src/detect/index.ts';
export { predictPaths } from '../../src/detect/predict_volumes.ts';
export { SharedFeatures } from '../../src/detect/shared_features.ts';
export { resumeRun, trainRun } from '../../src/train/index.ts';
export { compareResults } from './comparison.ts';
export { drawOrder, openDataset, smallPicture } from './dataset_facts.ts';
export { adaptersFacts, readLosses, ShownResults } from './outcome.ts';
export { takeHome } from './take_home.ts';
