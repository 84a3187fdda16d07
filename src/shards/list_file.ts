import { dsvFormat } from 'd3-dsv';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { isObject } from '../base/json.ts';
import { extension } from '../base/paths.ts';
import { readLines } from './line_files.ts';

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
 * @throws FusionclipError `bad_data` for a line that says nothing, `usage` where no column is the path
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
      if (read) out.push(read(line, number));
      else read = csvReader(file, line, columns);
    }
    if (out.length > 0) yield out;
  }
  if (open !== '') throw new FusionclipError('bad_data', `${file}: the last cell has no closing quote; mend the file.`);
}

function csvReader(file: string, head: string, columns: ListColumns): (line: string, number: number) => Listed {
  const mark = separatorOf(head);
  const names = cellsOf(head, mark);
  const at = columnIn(file, names, columns.path, PATHS);
  if (at < 0) throw noColumn(file, names, 'path', PATHS);
  const of = columnIn(file, names, columns.patient, PATIENTS);
  return (line, number) => {
    const cells = cellsOf(line, mark);
    if (cells.length !== names.length || cells[at] === '') throw badLine(file, number);
    return { path: cells[at], patient: of < 0 ? null : cells[of] };
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
    const at = columnIn(file, names, columns.path, PATHS);
    if (at < 0) throw noColumn(file, names, 'path', PATHS);
    const of = columnIn(file, names, columns.patient, PATIENTS);
    const path = value[names[at]];
    const patient = of < 0 ? null : value[names[of]];
    if (typeof path !== 'string' || path === '') throw badLine(file, number);
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

/** The place of the column that was named, or else of the first one with a usual name; -1 where there is none. */
function columnIn(file: string, names: readonly string[], given: string | null, usual: readonly string[]): number {
  if (given === null) return names.findIndex((name) => usual.includes(name.trim().toLowerCase()));
  const at = names.indexOf(given);
  if (at < 0) throw new FusionclipError('usage', `${file} has no column "${given}"; it has ${names.join(', ')}.`);
  return at;
}

function noColumn(file: string, names: readonly string[], flag: string, usual: readonly string[]): FusionclipError {
  const text = `${file} has no column ${usual.slice(0, 3).join(', ')} but ${names.join(', ')}; name one with --${flag}.`;
  return new FusionclipError('usage', text);
}

function badLine(file: string, number: number): FusionclipError {
  return new FusionclipError('bad_data', `${file}: line ${number} names no input; mend or remove it.`);
}
