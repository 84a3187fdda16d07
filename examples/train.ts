/**
 * Trains on a folder, with a line of progress, and says what the result is worth.
 *
 *     npx deno run -A train.ts [FOLDER]
 *     node train.ts [FOLDER]      (Node 22.18 or later)
 *     npx tsx train.ts [FOLDER]      (older ones, with "type": "module" in package.json)
 *
 * It has to lie beside your package.json: under node_modules no runtime takes the types out of a file.
 *
 * Without a folder it makes one of synthetic scans in `data/Brain`. The run lies in `runs/train`.
 */
import process from 'node:process';
import { open, type RunEvent } from 'fusionclip';
import { writePhantoms } from 'fusionclip/phantom';

function show(event: RunEvent): void {
  if (event.type === 'step') console.log(`step ${event.step} of ${event.steps}: loss ${event.loss.toFixed(3)}`);
  if (event.type === 'eval') console.log(`epoch ${event.epoch}: AUROC ${event.score.image} on the validation set`);
  if (event.type === 'note') console.log(event.text);
}

const fc = await open({ onEvent: show });
let [folder] = process.argv.slice(2);
if (!folder) {
  folder = 'data/Brain';
  const small = { set: 'brain', seed: 1, train: 0, valid: 12, test: 6, size: 96 };
  if (!(await fc.files.stat(folder))) await writePhantoms(fc.files, { out: 'data', ...small });
}

const { results, report, adapters } = await fc.train(folder, {
  // Any CLIP in safetensors: a path, or the id of one that `fusionclip model pull` has fetched.
  model: 'tiny-clip',
  out: 'runs/train',
  force: true,
  shots: 2,
  // These make it quick, and worse. Leave them out for the settings of the method.
  epochs: 2,
  size: 84,
  aug: 'none',
  'score.cls': 'none',
});
console.log(`test set: image AUROC ${results.selected.image.auroc}, pixel AUROC ${results.selected.pixel?.auroc}`);
console.log(`without any learning, the spread of grey values reaches ${results.trivial?.std.auroc}`);
console.log(`${report} has curves and heat maps; ${adapters} is what a prediction needs`);

// Settings that training does not depend on can be tried on the trained weights.
const smooth = await fc.evaluate('runs/train', { 'map.blur': 2 });
console.log(`with blurred maps: pixel AUROC ${smooth.pixel?.auroc}`);
await fc.close();
