import { openClipModel, TextTower, VisionTower, type WeightStorage } from '../../src/clip/index.ts';
import { joinReports } from '../../src/clip/weight_storage.ts';
import { describeAdapter } from '../../src/gpu/adapter.ts';
import { Gpu } from '../../src/gpu/gpu.ts';
import type { Host } from '../../src/host/host.ts';
import { fullCases } from './cases/full.ts';

/**
 * What `npm run full` does with a model file in a runtime.
 * `check FILE DIR f32|f16`: compares with the golden results of ViT-L/14 in DIR; a line a case and the counts.
 * `load FILE STORAGE`: loads both towers, with a line before and after, between which the script watches the memory.
 */
export async function full(host: Host, [act, file, ...rest]: readonly string[]): Promise<number> {
  const gpu = await Gpu.create(await host.gpu());
  host.stdout(`${host.runtime} ${host.version}: ${describeAdapter(gpu.facts)}\n`);
  const code = await (act === 'load' ? load : check)(host, gpu, file, rest);
  await gpu.destroy();
  return code;
}

async function check(host: Host, gpu: Gpu, file: string, [directory, dtype]: readonly string[]): Promise<number> {
  const weights = await openClipModel(host, file);
  const counts = { pass: 0, FAIL: 0 };
  const read = (name: string) => host.readFile(`${directory}/${name}`);
  for await (const { name, ratio } of fullCases(read, gpu, { weights, rounded: dtype === 'f16' })) {
    const verdict = ratio <= 1 ? 'pass' : 'FAIL';
    counts[verdict]++;
    host.stdout(`${verdict}  ${ratio.toFixed(3).padStart(9)}  ${name}\n`);
  }
  host.stdout(`${counts.pass} passed, ${counts.FAIL} failed\n`);
  return counts.FAIL === 0 && counts.pass > 0 ? 0 : 1;
}

async function load(host: Host, gpu: Gpu, file: string, [storage]: readonly string[]): Promise<number> {
  const weights = await openClipModel(host, file);
  // Time for the script to see what the program takes without a model.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  host.stdout('before\n');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const start = performance.now();
  const options = { storage: storage as WeightStorage };
  const vision = await VisionTower.load(gpu, weights, { size: 240, ...options });
  const text = await TextTower.load(gpu, weights, options);
  await gpu.idle();
  const seconds = (performance.now() - start) / 1000;
  const report = joinReports([vision.storage, text.storage]);
  host.stdout(`after ${JSON.stringify({ bytes: report.bytes, seconds, report: String(report) })}\n`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  vision.release();
  text.release();
  return 0;
}
