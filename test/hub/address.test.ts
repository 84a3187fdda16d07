import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GeneratedClipModel, openClipModel } from '../../src/clip/index.ts';
import { BlobFiles } from '../../src/host/blob_files.ts';
import { disk } from '../../src/host/disk.ts';
import { pullFile, withWeb } from '../../src/hub/index.ts';
import { failure, folder, server, web } from './hub_fixture.ts';
import { FAULTS, sha256 } from './hub_server.ts';

describe('the file at an address', () => {
  const url = () => `${server.address}/plain/model.safetensors`;
  const get = (more: { sha256?: string } = {}) =>
    pullFile(disk, web, { url: url(), path: join(folder, 'm.safetensors'), ...more });

  test('is fetched with its size first, and gone on with as long as it is the same', async () => {
    const sizes: number[] = [];
    const bytes = server.files.get('model.safetensors')!;
    server.faults.push(undefined, FAULTS.breakAfter(1000), ...Array(9).fill(FAULTS.status(500)));
    await failure(get());
    server.faults.length = 0;
    server.take();
    const path = join(folder, 'm.safetensors');
    const result = await pullFile(disk, web, { url: url(), path }, { onPlan: (_, missing) => sizes.push(missing) });
    expect(result).toEqual({ bytes: bytes.length, sha256: sha256(bytes) });
    expect(sizes).toEqual([bytes.length]);
    expect(server.take().map(({ range }) => range)).toEqual(['bytes=0-0', 'bytes=1000-']);
    expect(readdirSync(folder)).toEqual(['m.safetensors']);
  });

  test('must have the hash that is asked for', async () => {
    const { message } = await failure(get({ sha256: '0'.repeat(64) }));
    expect(message).toMatch(/hash that it should have/);
    expect(readdirSync(folder)).toEqual([]);
    await get({ sha256: sha256(server.files.get('model.safetensors')!) });
  });

  test('is refused when it is a page', async () => {
    server.faults.push(FAULTS.page);
    expect((await failure(get())).message).toMatch(/web page/);
    server.faults.push(FAULTS.hiddenPage, FAULTS.hiddenPage);
    expect((await failure(get())).message).toMatch(/web page/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a model read from an address', () => {
  test('has the tensors of the file, whatever breaks on the way', async () => {
    const files = withWeb(new BlobFiles(), web);
    const url = `${server.address}/plain/model.safetensors`;
    const model = await openClipModel(files, url);
    const memory = new GeneratedClipModel(model.config, 1);
    for (const name of model.names) {
      server.faults.push(FAULTS.breakAfter(30));
      const values = await model.read(name);
      expect(Buffer.from(values.buffer).equals(Buffer.from((await memory.read(name)).buffer)), name).toBe(true);
    }
    const ranges = server.take().map(({ range }) => range);
    expect(ranges.every((range) => /^bytes=\d+-\d+$/.test(range!))).toBe(true);
  });

  test('finds the files beside it, and takes 404 for an answer', async () => {
    const files = withWeb(new BlobFiles(), web);
    expect((await openClipModel(files, `${server.address}/plain/model.safetensors`)).actKnown).toBe(true);
    expect(server.seen.some(({ path }) => path === '/plain/preprocessor_config.json')).toBe(true);
    expect((await failure(openClipModel(files, `${server.address}/plain/none.safetensors`))).message).toMatch(
      /no model at/,
    );
  });

  test('an empty file needs no ranges', async () => {
    server.files.set('empty.json', new Uint8Array());
    server.faults.push(FAULTS.ignoreRange);
    expect(await withWeb(disk, web).stat(`${server.address}/plain/empty.json`)).toMatchObject({ bytes: 0 });
    server.files.delete('empty.json');
  });

  test('refuses servers that do not keep to ranges, and writes nothing to the web', async () => {
    const files = withWeb(disk, web);
    const url = `${server.address}/plain/model.safetensors`;
    server.faults.push(FAULTS.ignoreRange);
    expect((await failure(openClipModel(files, url))).message).toMatch(/whole files only.*model pull/);
    server.faults.push(undefined, FAULTS.wrongRange);
    expect((await failure(files.readRange(url, 0, 100))).message).toMatch(/does not keep to ranges/);
    server.faults.push((response, bytes) => {
      response.setHeader('content-range', `bytes 0-99/${bytes.length}`);
      response.writeHead(206).end(bytes);
    });
    expect((await failure(files.readRange(url, 0, 100))).message).toMatch(/more than it was asked for/);
    expect((await failure(files.writeFile(url, 'x'))).message).toMatch(/can only be read/);
    expect((await failure(files.list(url))).message).toMatch(/can only be read/);
    await files.writeFile(join(folder, 'own'), 'x');
    expect(readFileSync(join(folder, 'own'), 'utf8')).toBe('x');
  });
});
