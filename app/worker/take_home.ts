import { type Zippable, zipSync } from 'fflate';
import { FusionclipError } from '../../src/base/errors.ts';
import { joinPath } from '../../src/base/paths.ts';
import type { Export, ExportedFile } from '../protocol/calls.ts';
import type { Outcome } from '../protocol/results.ts';
import type { SessionFile } from '../protocol/sessions.ts';
import type { PageFiles } from './files.ts';
import { adaptersOf, runOf } from './sessions.ts';

/** What a run folder keeps for a training to go on: of no use to anyone else. */
const STATE = /^checkpoint\/(latest|best|last)\.safetensors$/;

/** Of all files of an archive: equal results make equal archives. */
const BEGINNING = '1980-01-01T12:00:00';

/**
 * A file of a finished session, as the command line writes it.
 * @throws FusionclipError `io`, and `usage` for what its kind of session has not
 */
export async function takeHome(
  files: PageFiles,
  session: SessionFile,
  { adapters }: Outcome,
  what: Export,
): Promise<ExportedFile> {
  const run = runOf(session.id);
  const file = async (path: string, name: string, type: string) => ({
    name,
    blob: new Blob([await files.readFile(joinPath(run, path))], { type }),
  });
  switch (what) {
    case 'adapters':
      return { name: adapters.name, blob: new Blob([await files.readFile(adaptersOf(session))]) };
    case 'predictions':
      return file('predictions.csv', 'predictions.csv', 'text/csv');
    case 'results': {
      const name = session.kind === 'predict' ? 'predictions.json' : 'results.json';
      return file(name, name, 'application/json');
    }
    case 'report':
      if (session.kind !== 'train') throw new FusionclipError('usage', 'A report is made of a training; open one.');
      await report(files, run);
      return file('report.html', 'report.html', 'text/html');
    case 'everything': {
      if (session.kind === 'train') await report(files, run);
      const own = session.kind === 'train' ? {} : { [adapters.name]: await files.readFile(adaptersOf(session)) };
      const bytes = zipSync({ ...(await entries(files, run)), ...own }, { level: 0, mtime: BEGINNING });
      return {
        name: `${session.name.replace(/[^\p{L}\p{N}]+/gu, '-')}.zip`,
        blob: new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/zip' }),
      };
    }
  }
}

/** Makes the report; its code is loaded when the first is wanted. */
async function report(files: PageFiles, run: string): Promise<void> {
  const { writeReport } = await import('../../src/report/report.tsx');
  await writeReport(files, run);
}

/** All files of a run folder but those of its state. */
async function entries(files: PageFiles, run: string, below = ''): Promise<Zippable> {
  const out: Zippable = {};
  for (const { name, kind } of await files.list(joinPath(run, below))) {
    const path = joinPath(below, name);
    if (kind === 'directory') Object.assign(out, await entries(files, run, path));
    else if (!STATE.test(path)) out[path] = await files.readFile(joinPath(run, path));
  }
  return out;
}
