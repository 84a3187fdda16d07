/**
 * The same real slices as pictures of 8 and of 16 bits, as a DICOM series and as a NIfTI volume have the same scores:
 *
 *     deno run -A --no-lock --no-check test/reference/flair.ts DATA
 *
 * DATA is a data set of slices of one size (`valid`, `test`) such as the FLAIR slices of a BRATS patient. A run with the smallest model is
 * trained on it, then every slice of `test` is scored in each form. Exit code 1 where a score differs by more than 1e-6.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { main } from '../../src/cli/main.ts';
import { decodeImage } from '../../src/data/decode.ts';
import { encodePng, encodePng16 } from '../../src/data/png.ts';
import { encodeDicom } from '../../src/dicom/write.ts';
import { createNodeHost } from '../../src/host/node.ts';
import { useDriver } from '../../src/launch/own_process.ts';
import { encodeNifti } from '../../src/nifti/index.ts';

const [data, most = '24'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'fusionclip-flair-'));
useDriver('deno');

async function fusionclip(...args: string[]): Promise<string> {
  const said = { out: '', err: '' };
  const host = {
    ...createNodeHost({ args }),
    ownModels: join(import.meta.dirname!, '..', '..', 'models'),
    isTerminal: false,
    stdout(text: string) {
      said.out += text;
    },
    stderr(text: string) {
      said.err += text;
    },
  };
  if ((await main(host)) !== 0) throw new Error(said.err);
  return said.out;
}

const paths = readdirSync(join(data, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /img[/\\][^/\\]+\.png$/.test(path))
  .sort((a, b) => (a.slice(-8) < b.slice(-8) ? -1 : 1))
  .slice(0, Number(most));
const slices = paths.map((path) => decodeImage(new Uint8Array(readFileSync(join(data, 'test', path))), path));
const [{ width, height }] = slices;
for (const kind of ['png', 'png16', 'dicom']) mkdirSync(join(folder, kind));
for (const [z, { data: pixels, channels }] of slices.entries()) {
  if (channels !== 1 || pixels.length !== width * height) throw new Error('slices must be grey, and of one size');
  const name = String(z).padStart(3, '0');
  writeFileSync(join(folder, 'png', `${name}.png`), encodePng({ width, height, channels: 1, data: pixels }));
  const wide = Uint16Array.from(pixels, (value) => 257 * value);
  writeFileSync(join(folder, 'png16', `${name}.png`), encodePng16(width, height, wide));
  const dicom = encodeDicom([
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.4'],
    [0x00080018, 'UI', `2.25.1.${z}`],
    [0x00080060, 'CS', 'MR'],
    [0x0020000d, 'UI', '2.25.2'],
    [0x0020000e, 'UI', '2.25.3'],
    // Numbered from the other end: positions count.
    [0x00200013, 'IS', String(slices.length - z)],
    [0x00200032, 'DS', `0\\0\\${z}`],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00200052, 'UI', '2.25.4'],
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', [height]],
    [0x00280011, 'US', [width]],
    [0x00280030, 'DS', '1\\1'],
    [0x00280100, 'US', [8]],
    [0x00280101, 'US', [8]],
    [0x00280102, 'US', [7]],
    [0x00280103, 'US', [0]],
    [0x7fe00010, 'OB', pixels],
  ]);
  writeFileSync(join(folder, 'dicom', `${name}.dcm`), dicom);
}
const voxels = new Uint8Array(slices.flatMap(({ data: pixels }) => [...pixels]));
const affine = [
  [-1, 0, 0, 0],
  [0, -1, 0, 0],
  [0, 0, 1, 0],
];
writeFileSync(
  join(folder, 'volume.nii.gz'),
  encodeNifti({ shape: [width, height, slices.length], affine, data: voxels }),
);

const run = join(folder, 'run');
const quick = ['--shots', '2', '--aug', 'none', '--size', '56', '--epochs', '1', '--map.files', 'none'];
await fusionclip('train', '--data', data, '--model', 'tiny-clip', ...quick, '--out', run);
const found: Record<string, number[]> = {};
for (const kind of ['png', 'png16', 'dicom', 'volume.nii.gz']) {
  const out = await fusionclip(
    'predict',
    join(folder, kind),
    '--run',
    run,
    '--out',
    join(folder, `${kind}-out`),
    '--json',
  );
  found[kind] = JSON.parse(out).images.map(({ score }: { score: number }) => score);
}
rmSync(folder, { recursive: true });
let worst = 0;
for (const [kind, scores] of Object.entries(found)) {
  const apart = Math.max(...scores.map((score, i) => Math.abs(score - found.png[i])));
  console.log(`${kind}: ${scores.length} slices, at most ${apart} from the pictures of 8 bits`);
  worst = Math.max(worst, scores.length === found.png.length ? apart : Number.POSITIVE_INFINITY);
}
const spread = Math.max(...found.png) - Math.min(...found.png);
console.log(`their scores range over ${spread.toFixed(4)}`);
process.exit(worst <= 1e-6 && spread > 0 ? 0 : 1);
