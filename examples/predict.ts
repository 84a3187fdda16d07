/**
 * Scores images with a trained run, one after the other, and draws what it sees over each.
 *
 *     npx deno run -A predict.ts RUN IMAGE…
 *     node predict.ts RUN IMAGE…      (Node 22.18 or later)
 *     npx tsx predict.ts RUN IMAGE…      (older ones, with "type": "module" in package.json)
 *
 * It has to lie beside your package.json: under node_modules no runtime takes the types out of a file. An IMAGE may be a
 * folder.
 */
import process from 'node:process';
import { open } from 'fusionclip';
import { decodeImage, encodePng, findInputs, overlayHeatMap } from 'fusionclip/data';

const [run, ...images] = process.argv.slice(2);
if (!run || images.length === 0) {
  console.error('predict.ts RUN IMAGE…');
  process.exit(2);
}

const fc = await open();
const loaded = await fc.load(run);
const threshold = loaded.thresholds.image?.value;
console.log(`threshold ${threshold}, chosen on ${loaded.thresholds.image?.from}`);

for (const path of (await findInputs(fc.files, images)).images) {
  const bytes = await fc.files.readFile(path);
  // A file of any origin does: this one could have come over the network.
  const [{ score, abnormal, map }] = await loaded.predict(new File([bytes], path));
  const picture = overlayHeatMap(decodeImage(bytes, path), map, { opacity: 0.7 });
  const out = `heat_maps/${path.replace(/^.*[/\\]/, '').replace(/\.\w+$/, '')}.png`;
  await fc.files.writeFile(out, encodePng(picture));
  console.log(`${path}: ${abnormal ? 'abnormal' : 'normal'} (${score.toFixed(4)}), ${out}`);
}

loaded.release();
await fc.close();
