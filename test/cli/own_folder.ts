import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { writeModel, writeSet } from './program.ts';

/**
 * A temporary folder for the tests of a file, gone when they are done, with a small model in it and a data set as `set`.
 * @param set its name, below the folder
 */
export async function ownFolder(name: string, set = 'Brain_AD') {
  const folder = mkdtempSync(join(tmpdir(), `fusionclip-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = (...parts: string[]): string => join(folder, ...parts);
  const read = (...parts: string[]): string => readFileSync(path(...parts), 'utf8');
  return {
    folder,
    path,
    read,
    json: (...parts: string[]) => JSON.parse(read(...parts)),
    data: writeSet(path(set)),
    model: await writeModel(path('model.safetensors')),
  };
}
