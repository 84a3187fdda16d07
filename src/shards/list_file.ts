import { dsvFormat } from 'd3-dsv';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { isObject } from '../base/json.ts';
import { extension } from '../base/paths.ts';
import { readLines } from './line_files.ts';
import { requireReadable } from './listed_address.ts';

/** Extensions of files that list inputs. */
export const LIST_EXTENSIONS: readonly string[] = ['csv', 'jsonl', 'ndjson', 'txt', 'list'];

/** Which columns of a list say what. */
export interface ListColumns {
  /** Of the path or address; found by its name where it is not given. */
  readonly path: string | null;
  /** Of whom it is; found by its name where it is not given. */
  readonly patient: string | null;
}

/** A line of a list. */
export interface Listed {
  readonly path: string;
  /** Null where the list has no such column. */
  readonly patient: string | null;
}

/** Names that columns usually have. */
const PATHS = ['path', 'url', 'file', 'filename', 'image', 'image_path', 'filepath', 'address'];
const PATIENTS = ['patient', 'patient_id', 'patientid', 'subject', 'subject_id', 'case', 'group'];

/**
 * The lines of a list, block by block: CSV with a head (commas, semicolons or tabs), JSON Lines, or a path or address a
 * line (`.txt`, `.list`).
 * @throws FusionclipError `bad_data` for a line that says nothing or is no text, and for an address that no worker can read; `usage` where
 * no column is the path, or several may be
 */
export async function* readList(fs: FileSystem, file: string, columns: ListColumns): AsyncGenerator<Listed[]> {
  const kind = extension(file);
  let read: ((line: string, number: number) => Listed) | null = null;
  if (kind === 'txt' || kind === 'list') read = (path) => ({ path, patient: null });
  if (kind === 'jsonl' || kind === 'ndjson') read = jsonReader(file, columns);
  let number = 0;
  let open = '';
  for await (const lines of readLines(fs, file)) {
    const out: Listed[] = [];
    for (const one of lines) {
      number++;
      let line = open === '' ? one : `${open}\n${one}`;
      open = '';
      if (number === 1 && line.startsWith('\ufeff')) line = line.slice(1);
      if (kind === 'csv' && line.includes('"') && line.split('"').length % 2 === 0) {
        open = line; // a cell goes on in the next line
        continue;
      }
      if (line === '') continue;
      if (NO_TEXT.test(line)) throw noText(file, number);
      if (read) {
        const listed = read(line, number);
        requireReadable(listed.path, `${file}: line ${number}`);
        out.push(listed);
      } else read = csvReader(file, line, columns);
    }
    if (out.length > 0) yield out;
  }
  if (open !== '') throw new FusionclipError('bad_data', `${file}: the last cell has no closing quote; mend the file.`);
}

function csvReader(file: string, head: string, columns: ListColumns): (line: string, number: number) => Listed {
  const mark = separatorOf(head);
  const names = cellsOf(head, mark).map((name) => name.trim());
  const at = columnIn(file, names, 'path', columns, PATHS);
  if (at < 0) throw noColumn(file, names);
  const of = columnIn(file, names, 'patient', columns, PATIENTS);
  return (line, number) => {
    const cells = cellsOf(line, mark);
    const path = cells[at]?.trim();
    if (cells.length !== names.length || path === '') throw badLine(file, number);
    return { path, patient: of < 0 ? null : cells[of].trim() };
  };
}

function jsonReader(file: string, columns: ListColumns): (line: string, number: number) => Listed {
  return (line, number) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw badLine(file, number);
    }
    if (typeof value === 'string') return { path: value, patient: null };
    if (!isObject(value)) throw badLine(file, number);
    const names = Object.keys(value);
    const at = columnIn(file, names, 'path', columns, PATHS);
    if (at < 0) throw noColumn(file, names);
    const of = columnIn(file, names, 'patient', columns, PATIENTS);
    const path = value[names[at]];
    const patient = of < 0 ? null : value[names[of]];
    const isName = patient === null || typeof patient === 'string' || typeof patient === 'number';
    if (typeof path !== 'string' || path === '' || !isName) throw badLine(file, number);
    return { path, patient: patient === null ? null : String(patient) };
  };
}

/** What is between the cells: where a comma is the decimal mark, spreadsheets put semicolons. */
function separatorOf(head: string): string {
  const marks = [',', ';', '\t'];
  const count = (mark: string) => head.split(mark).length;
  return marks.reduce((most, mark) => (count(mark) > count(most) ? mark : most));
}

function cellsOf(line: string, mark: string): string[] {
  return line.includes('"') ? dsvFormat(mark).parseRows(line)[0] : line.split(mark);
}

/**
 * The place of the column that was named, or else of the one with a usual name; -1 where there is none.
 * @throws FusionclipError `usage` where there is no such column, or more than one
 */
function columnIn(
  file: string,
  names: readonly string[],
  flag: keyof ListColumns,
  { [flag]: given }: ListColumns,
  usual: readonly string[],
): number {
  const isIt = (name: string) => (given === null ? usual.includes(name.toLowerCase()) : name === given);
  const at = names.findIndex(isIt);
  if (given !== null && at < 0) {
    throw new FusionclipError('usage', `${file} has no column "${given}"; it has ${names.join(', ')}.`);
  }
  const found = names.filter(isIt);
  if (found.length <= 1) return at;
  const differ = new Set(found).size > 1;
  const text = `${file} has the columns ${found.join(' and ')}, and each may be the ${flag}; ${differ ? `name one with --${flag}` : 'rename one'}.`;
  throw new FusionclipError('usage', text);
}

function noColumn(file: string, names: readonly string[]): FusionclipError {
  const text = `${file} has no column ${PATHS.slice(0, 3).join(', ')} but ${names.join(', ')}; name one with --path.`;
  return new FusionclipError('usage', text);
}

function badLine(file: string, number: number): FusionclipError {
  return new FusionclipError('bad_data', `${file}: line ${number} names no input; mend or remove it.`);
}

/** What bytes of other encodings become, UTF-16 above all, and what no path has. */
const NO_TEXT = /[\0\ufffd]/;

function noText(file: string, number: number): FusionclipError {
  return new FusionclipError('bad_data', `${file}: line ${number} is no text in UTF-8; save the list as UTF-8.`);
}
