import * as everything from 'fusionclip';
import { open, type TrainChoices } from 'fusionclip';
import { Gpu } from 'fusionclip/gpu';
import { createNodeHost } from 'fusionclip/node';

const gpu: Gpu = await Gpu.create(await createNodeHost().gpu());
const bytes: number = gpu.pool.liveBytes;
// @ts-expect-error: the types are not `any`
const wrong: string = gpu.pool.liveBytes;

const fc = await open();
const choices: TrainChoices = {
  shots: 4,
  'lr.grid': [1e-3, 1e-4],
  branches: ['gal'],
  'shots.abnormal': null,
  force: true,
};
const run = await fc.train('folder', choices);
const auroc: number | undefined = run.results.selected.image.auroc;
// @ts-expect-error: there is no such setting
await fc.train('folder', { shotz: 4 });
// @ts-expect-error: a number is a number
await fc.train('folder', { shots: '4' });
// @ts-expect-error: a list is a list
await fc.train('folder', { 'lr.grid': 1e-3 });
// @ts-expect-error: one of a few words
await fc.train('folder', { aug: 'all' });
// @ts-expect-error: a training's setting does not change where weights are used
await fc.predict('image.png', { run, epochs: 3 });

export { auroc, bytes, everything, wrong };
