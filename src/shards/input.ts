import { keptPath } from '../base/address.ts';
import { escaped, fromEscaped } from '../base/visible.ts';

/** One thing to score: an image, the folder or file of a volume, or a cell of a grid. */
export interface Input {
  /** Path or address; the name of a cell. */
  readonly path: string;
  /** Whom it is of; empty where nobody is known: then it stands for itself. */
  readonly patient: string;
  /** Images that it counts as. */
  readonly images: number;
}

/** An input as a line; lines of a plan are in the order of their code units, so one patient's stand together. */
export function inputLine({ path, patient, images }: Input): string {
  const count = images === 1 ? '' : `\t${images}`;
  return `${cell(patient)}\t${cell(path)}${count}`;
}

/** The input of an {@link inputLine}. */
export function inputOfLine(line: string): Input {
  const [patient, path, images = '1'] = line.split('\t');
  return { path: fromEscaped(path), patient: fromEscaped(patient), images: Number(images) };
}

/**
 * What results call an input: of an address all but its query, which may name a patient or hold a token. Rows stand in the order of the
 * plan, which has the whole address.
 */
export function inputName(path: string): string {
  return keptPath(path);
}

function cell(text: string): string {
  return /\\|[^ -~]/.test(text) ? escaped(text) : text;
}
