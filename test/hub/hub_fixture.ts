import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { FileSystem } from '../../src/base/file_system.ts';
import { disk } from '../../src/host/disk.ts';
import { pullModel, type Web, webOf } from '../../src/hub/index.ts';
import { HubServer } from './hub_server.ts';
import { SMALL_CONFIG, smallModel } from './small_model.ts';

export { failure } from './failure.ts';

/** The repository that the server has. */
export const ID = { repository: 'org/clip', revision: 'main' };
/** Where its files lie in the cache. */
export const MAIN = 'snapshots/c0ffee0000000000000000000000000000000000';

/** A server with the files of a small model, and an empty cache, anew for each test of a file that imports them. */
export let server: HubServer;
export let folder = '';
export let cache = '';
export let web: Web;

beforeEach(async () => {
  server = await new HubServer().listen();
  folder = mkdtempSync(join(tmpdir(), 'fusionclip-hub-'));
  cache = join(folder, 'hub');
  web = { ...webOf(() => undefined), endpoint: server.address, patience: 2000, pause: async () => {} };
  server.files.set('model.safetensors', await smallModel());
  server.files.set('config.json', new TextEncoder().encode(SMALL_CONFIG));
  server.files.set('README.md', new TextEncoder().encode('read me'));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

export const pull = (files: readonly string[] = [], fs: FileSystem = disk) => pullModel(fs, web, cache, ID, files);
export const inCache = (...parts: string[]) => join(cache, 'models--org--clip', ...parts);

/** Changes how this test goes to the web. */
export function changeWeb(more: Partial<Web>): void {
  web = { ...web, ...more };
}

/** Nothing may lie under a final name after a failure. */
export function expectNothingStored(): void {
  const all = existsSync(cache) ? readdirSync(cache, { recursive: true, encoding: 'utf8' }) : [];
  const stored = all.filter((name) => /blobs\/|snapshots\/|refs\//.test(name) && !name.endsWith('.incomplete'));
  expect(stored).toEqual([]);
}
