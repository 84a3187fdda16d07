import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launch } from '../../src/launch/launch.ts';
import type { CaseResult } from '../harness/run_cases.ts';
import { MARK } from '../runtimes/marks.ts';
import { FAULTS, HubServer } from './hub_server.ts';
import { SMALL_CONFIG, smallModel } from './small_model.ts';

const PAGE = fileURLToPath(new URL('../../dist/test/storage_page', import.meta.url));

let server: HubServer;
let other: HubServer;

beforeAll(async () => {
  server = await new HubServer().listen();
  other = await new HubServer().listen();
  for (const { files } of [server, other]) files.set('model.safetensors', await smallModel());
  server.files.set('config.json', new TextEncoder().encode(SMALL_CONFIG));
});
afterAll(async () => {
  await server.close();
  await other.close();
});

test('a page stores models in its private storage', async () => {
  expect(inject('buildError')).toBe('');
  // A page asks twice where it is sent elsewhere. The first pull: to another origin, broken off there; the configuration
  // as it is; nothing the second time. The other pull gets a page.
  const away = FAULTS.redirect(() => `${other.address}/plain/model.safetensors`);
  server.faults.push(away, away, away, away, undefined, FAULTS.page);
  other.faults.push(FAULTS.breakAfter(1000));
  let printed = '';
  const code = await launch('chrome', { script: '', page: PAGE }, [server.address], {
    onStdout: (text) => {
      printed += text;
    },
    onStderr: (text) => {
      printed += text;
    },
  });
  const results = printed
    .split('\n')
    .filter((line) => line.startsWith(MARK))
    .map((line): CaseResult => JSON.parse(line.slice(MARK.length)));
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  expect([code, results.length]).toEqual([0, 12]);
  expect(other.seen.map(({ range, authorization }) => [range, authorization])).toEqual([
    [undefined, undefined],
    ['bytes=1000-', undefined],
  ]);
  expect(server.seen[0].authorization).toBe('Bearer hf_secret');
}, 120_000);
