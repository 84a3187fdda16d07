import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { visible } from '../base/visible.ts';
import { inputOfLine } from './input.ts';
import { LineSorter } from './line_sorter.ts';

/**
 * Finds an input that was listed as two patients': lines of a plan are sorted by these first, so that its lines are no neighbours, and it
 * would stand twice. Where nobody is known, equal inputs are equal lines, and this is not needed.
 */
export class PathsOnce {
  readonly #sorter: LineSorter;

  /** @param folder for what does not fit into memory */
  constructor(fs: FileSystem, folder: string, most?: number) {
    this.#sorter = new LineSorter(fs, folder, most);
  }

  /** Adds a line of a plan, each once. */
  async add(line: string): Promise<void> {
    const [patient, path, ...images] = line.split('\t');
    if (this.#sorter.add([path, patient, ...images].join('\t'))) await this.#sorter.spill();
  }

  /** @throws FusionclipError `bad_data` for an input of two patients */
  async check(): Promise<void> {
    let [last, of] = ['', ''];
    for await (const lines of this.#sorter.sorted()) {
      for (const line of lines) {
        const [path, patient, ...images] = line.split('\t');
        if (path === last) throw twice(of, [patient, path, ...images].join('\t'));
        [last, of] = [path, patient];
      }
    }
  }

  close(): Promise<void> {
    return this.#sorter.close();
  }
}

function twice(before: string, line: string): FusionclipError {
  const { path, patient } = inputOfLine(line);
  const names = [before, patient].map((one) => (one === '' ? 'of no patient' : `patient "${one}"'s`));
  return new FusionclipError(
    'bad_data',
    `${visible(path)} is listed as ${names.join(' and as ')}; say once whose it is.`,
  );
}
