/**
 * Compares this project's decoder of 8-bit JPEG with libjpeg-turbo as Cornerstone builds it: packed size, time of the processor, and how many
 * samples differ.
 *
 *     npm install --no-save @cornerstonejs/codec-libjpeg-turbo-8bit
 *     node test/reference/jpeg_turbo.mjs FILE.jpg…
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const require = createRequire(import.meta.url);
const script = join(dirname(require.resolve('@cornerstonejs/codec-libjpeg-turbo-8bit')), 'libjpegturbowasm_decode.js');
const turbo = await require(script)();
const bundle = await rolldown({ input: 'src/data/jpeg.ts', logLevel: 'silent' });
const [{ code }] = (await bundle.generate({ format: 'esm', minify: true })).output;
const { decodeJpeg } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

const packed = (...parts) => parts.reduce((sum, part) => sum + gzipSync(part, { level: 9 }).length, 0);
const theirSize = packed(readFileSync(script), readFileSync(script.replace(/js$/, 'wasm')));
console.log(`packed: ours ${packed(code)} bytes, libjpeg-turbo ${theirSize}`);

function theirs(bytes) {
  const decoder = new turbo.JPEGDecoder();
  decoder.getEncodedBuffer(bytes.length).set(bytes);
  decoder.decode();
  const out = new Uint8Array(decoder.getDecodedBuffer());
  decoder.delete();
  return out;
}

/** The least milliseconds of the processor in 30 calls. */
function cost(decode) {
  const all = Array.from({ length: 30 }, () => {
    const before = process.cpuUsage();
    decode();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...all).toFixed(2);
}

for (const path of process.argv.slice(2)) {
  const bytes = new Uint8Array(readFileSync(path));
  const ours = () => decodeJpeg(bytes, 2 ** 30).data;
  const [a, b] = [ours(), theirs(bytes)];
  const differ = a.reduce((count, value, i) => count + Number(value !== b[i]), 0);
  console.log(
    `${path}: ours ${cost(ours)} ms, libjpeg-turbo ${cost(() => theirs(bytes))} ms; ${differ} samples differ`,
  );
}
