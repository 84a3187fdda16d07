import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { fragmentOf, linkedSizes, readFragment } from '../../app/lab/link.ts';

const packed = (text: string | Buffer) => deflateRawSync(Buffer.from(text as string)).toString('base64url');
const own = (source: string) => ({ source, buffers: {}, params: {}, groups: [1, 1, 1] as const });
const job = { kernel: 'softmax', variant: '', rows: '', sizes: {}, edits: {}, own: null };

test('a link whose code is damaged, of another version, or unpacks to more than a page can hold is refused', async () => {
  const whole = packed(JSON.stringify(own('fn main() {}')));
  expect((await readFragment(`own=${whole}`))?.job.own?.source).toBe('fn main() {}');
  for (const code of [
    whole.slice(0, -5),
    '%%%%',
    '!',
    packed('null'),
    packed('[]'),
    packed('['.repeat(100_000)),
    packed(JSON.stringify({ version: 0, code: 'fn main() {}' })),
    packed(Buffer.alloc(2 ** 24, ' ')),
    packed(JSON.stringify(own('/'.repeat(2 ** 23)))),
  ]) {
    await expect(readFragment(`own=${code}`), code.slice(0, 20)).rejects.toThrow(/code in this link is damaged/);
  }
});

test('code that is too long for a link makes none', async () => {
  const noise = randomBytes(1_000_000).toString('base64');
  expect((await fragmentOf({ job: { ...job, own: own(noise) }, shader: '' })).length).toBe(0);
  expect((await fragmentOf({ job: { ...job, own: own(noise.slice(0, 1000)) }, shader: '' })).length).toBeGreaterThan(
    700,
  );
});

test('sizes of a link are those that can be chosen', () => {
  const size = { value: 5, least: 1, most: 4096 };
  const kernel = { id: 'softmax', word: 'softmax', formula: '', sizes: { rows: size, width: size }, overRows: false };
  expect(linkedSizes({ rows: 7, depth: 3 }, kernel)).toEqual({ rows: 7, width: 5 });
  for (const rows of [0, 4097, 999_999_999]) {
    expect(() => linkedSizes({ rows }, kernel)).toThrow(/asks for rows = \d+; softmax takes 1 to 4096/);
  }
});
