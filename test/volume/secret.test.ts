import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { FusionclipError } from '../../src/base/errors.ts';
import { overlaid } from '../../src/base/overlaid.ts';
import { installationSecret } from '../../src/host/installation_secret.ts';
import { writePhantomVolumes } from '../../src/phantom/write_volumes.ts';
import { longSecretName, secretName, withSecretNames } from '../../src/volume/secret_name.ts';
import { openSliceSet } from '../../src/volume/slice_set.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';

const folder = mkdtempSync(join(tmpdir(), 'fusionclip-secret-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('an installation has one secret, which nobody else can read; a variable is stronger', async () => {
  const env = (name: string) => ({ HOME: folder })[name];
  const [first, second] = await Promise.all([installationSecret(env), installationSecret(env)]);
  const file = join(folder, '.local/share/fusionclip/secret');
  expect([second, await installationSecret(env), readFileSync(file, 'utf8')]).toEqual([first, first, first]);
  expect(first.length).toBeGreaterThan(60);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeFileSync(file, 'another\n');
  expect(await installationSecret(env)).toBe('another');
  expect(await installationSecret((name) => ({ HOME: folder, FUSIONCLIP_SECRET: 'given' })[name])).toBe('given');
  // Where no file can be, names hold for this run.
  expect((await installationSecret((name) => ({ HOME: '/dev/null/nowhere' })[name])).length).toBeGreaterThan(60);
});

test('names depend on the secret, and the order of files, by which images are dealt and drawn, does not', async () => {
  const memory = new MemoryFileSystem();
  const options = { set: 'brain', out: 'o', seed: 3, valid: 5, test: 2, size: 32, depth: 8, format: 'dicom' } as const;
  const root = await writePhantomVolumes(memory, options);
  const rules = { window: 'auto', plane: 'auto', accept: '', volume: null } as const;
  const filesWith = async (secret: string) => {
    const fs = overlaid(memory, { secret: async () => secret });
    const { files, volumes } = await openSliceSet(fs, root, rules, 'Brain');
    const sorted = await Promise.all([...files.keys()].sort().map(async (path) => (await files.get(path)!()).join()));
    return { names: [...files.keys()], sorted, volumes: volumes.map(({ name }) => name) };
  };
  const all: Awaited<ReturnType<typeof filesWith>>[] = [];
  for (const secret of ['a', 'b', 'c']) all.push(await filesWith(secret));
  expect(all[1].sorted).toEqual(all[0].sorted);
  expect(all[2].sorted).toEqual(all[0].sorted);
  expect(all[1].names.filter((name) => all[0].names.includes(name))).toEqual([]);
  expect(all[1].volumes.filter((name) => all[0].volumes.includes(name))).toEqual([]);
  expect(await secretName({ secret: async () => 'a' }, 'x')).not.toBe(
    await secretName({ secret: async () => 'b' }, 'x'),
  );
});

test('a secret that is a method of its files is asked as one', async () => {
  class Files {
    readonly #secret = 'a';
    secret = Files.prototype.tell;
    async tell(): Promise<string> {
      return this.#secret;
    }
  }
  const short = await secretName(new Files(), 'x');
  expect(short).toBe(await secretName({ secret: async () => 'a' }, 'x'));
  expect(await longSecretName(new Files(), 'x')).toMatch(new RegExp(`^${short}[0-9a-f]{12}$`));
});

test('errors of files below a folder do not name them', async () => {
  const memory = new MemoryFileSystem([['s/Doe^Jane/x.dcm', new Uint8Array(2)]]);
  const failing = overlaid(memory, {
    readFile: async (path) => {
      throw new FusionclipError('io', `Cannot read ${path}: permission denied.`, { cause: new Error(path) });
    },
  });
  const error = await withSecretNames(failing, ['s/'])
    .readFile('s/Doe^Jane/x.dcm')
    .catch((cause) => cause);
  expect(error.message).toMatch(
    /^Cannot read file [0-9a-f]{8}\.dcm \(data check --names says which\): permission denied\.$/,
  );
  expect([error.code, error.cause]).toEqual(['io', undefined]);
});
