/** What trains and scores: all that the page needs only when there is something to do. */
export { evaluateRun, openAdapters } from '../../src/detect/index.ts';
export { predictPaths } from '../../src/detect/predict_volumes.ts';
export { resumeRun, trainRun } from '../../src/train/index.ts';
export { datasetFacts } from './dataset_facts.ts';
export { adaptersFacts, readLosses, ShownResults } from './outcome.ts';
export { takeHome } from './take_home.ts';
