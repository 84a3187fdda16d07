import type { GenericSchema, InferOutput } from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { checkJson } from '../base/json.ts';
import { JsonLines } from '../base/json_lines.ts';
import { joinPath } from '../base/paths.ts';
import { isOwnText, OUTPUT_FILES } from '../data/layout/own_output.ts';
import { namesIn } from './lock.ts';
import { damagedHeader, notOurs, parseHeader, type RunConfig } from './run_config.ts';
import { REMOVE, readRunFile } from './run_file.ts';

/** The newest checkpoint of a run, with the state that a resumed run goes on from. */
export const LATEST = 'checkpoint/latest.safetensors';
/** The weights that the selection chose. */
export const BEST = 'checkpoint/best.safetensors';
/** The weights at the end of the training that the chosen ones come from. */
export const LAST = 'checkpoint/last.safetensors';
/** The result of a run: the chosen weights and all that `predict` needs beside the model. */
export const ADAPTERS = 'checkpoint/adapters.safetensors';

/** The folder of a training run; `docs/run_folder.md` says what lies in it. */
export class RunFolder {
  readonly path: string;
  /** The lines of `metrics.jsonl`. */
  readonly metrics: JsonLines;
  readonly #fs: FileSystem;

  private constructor(fs: FileSystem, path: string) {
    this.#fs = fs;
    this.path = path;
    this.metrics = new JsonLines(fs, joinPath(path, 'metrics.jsonl'));
  }

  /**
   * Makes sure that a new run may be written to a folder, without touching it.
   * @param force whether an older run in it may be replaced
   * @throws FusionclipError `usage`
   */
  static async check(fs: FileSystem, path: string, force: boolean): Promise<void> {
    const stat = await fs.stat(path);
    if (!stat) return;
    if (stat.kind === 'file') throw new FusionclipError('usage', `${path} is a file; give another folder with --out.`);
    const names = await namesIn(fs, path);
    if (names.length === 0) return;
    if (!names.includes('config.json')) {
      throw new FusionclipError('usage', `${path} holds other files and no run; give another folder with --out.`);
    }
    if (force) return;
    const finished = names.includes('results.json');
    throw new FusionclipError(
      'usage',
      finished
        ? `${path} holds a finished run; give another folder with --out, or replace it with --force.${reportAdvice(path, names)}`
        : `${path} holds an unfinished run; go on with --resume, or start again with --force.`,
    );
  }

  /** Starts a run in a folder that {@link check} let through; an older run there is removed, and nothing else. */
  static async create(fs: FileSystem, path: string): Promise<RunFolder> {
    for (const name of OUTPUT_FILES) await fs.remove(joinPath(path, name));
    await fs.makeDir(path);
    return new RunFolder(fs, path);
  }

  /** A run that is there. Throws `io` or `bad_model` when there is none. */
  static async open(
    fs: FileSystem,
    path: string,
  ): Promise<{ folder: RunFolder; header: RunConfig; finished: boolean }> {
    const file = joinPath(path, 'config.json');
    if (!(await fs.stat(file))) {
      throw new FusionclipError(
        'io',
        `There is no run in ${path}: ${file} does not exist${(await runBelow(fs, path)) || '; give what fusionclip train --out was given'}.`,
      );
    }
    const text = new TextDecoder().decode(await fs.readFile(file));
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (cause) {
      throw isOwnText(text) ? damagedHeader(file, cause) : notOurs(file);
    }
    const finished = (await fs.stat(joinPath(path, 'results.json'))) !== null;
    return { folder: new RunFolder(fs, path), header: parseHeader(json, file), finished };
  }

  /** Path of something in the folder. */
  file(...parts: string[]): string {
    return joinPath(this.path, ...parts);
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await this.#fs.writeFile(this.file(name), `${JSON.stringify(value, null, 2)}\n`);
  }

  /**
   * What a JSON file of the folder holds, or null when it is not there; keys keep their order.
   * @throws FusionclipError `bad_data` for what has not the shape of `schema`
   */
  readJson<S extends GenericSchema>(name: string, schema: S): Promise<InferOutput<S> | null> {
    const parse = (text: string) => {
      const value = JSON.parse(text);
      checkJson(schema, value);
      return value as InferOutput<S>;
    };
    return readRunFile(this.#fs, this.file(name), parse, REMOVE.resume);
  }
}

/** Refuses the folder of a run for what holds files of its own. @throws FusionclipError `usage` */
export async function requireNoRun(fs: FileSystem, path: string): Promise<void> {
  if (!(await fs.stat(joinPath(path, 'config.json')))) return;
  throw new FusionclipError('usage', `${path} is the folder of a run; give another folder with --out.`);
}

/** For the end of a sentence: a run in a folder of a folder that was taken for one, or nothing. */
export async function runBelow(fs: FileSystem, path: string): Promise<string> {
  if ((await fs.stat(path))?.kind !== 'directory') return '';
  for (const { name, kind } of await fs.list(path)) {
    const inner = joinPath(path, name);
    if (kind === 'directory' && (await fs.stat(joinPath(inner, ADAPTERS)))) return `; did you mean ${inner}`;
  }
  return '';
}

/** How to make the report of a finished run, where it is missing. */
function reportAdvice(path: string, names: readonly string[]): string {
  return names.includes('report.html') ? '' : ` Its report is missing: fusionclip report ${path} makes it.`;
}
