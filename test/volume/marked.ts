import { gunzipSync } from 'fflate';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import type { MemoryFileSystem } from '../data/memory_file_system.ts';

/** Elements that say who somebody is, where and when, beyond those that phantoms have. */
const MARKED: readonly (readonly [tag: number, vr: string, value: string])[] = [
  [0x00080050, 'SH', 'ZyxwvAccess '],
  [0x00080080, 'LO', 'ZyxwvClinic '],
  [0x00080090, 'PN', 'Zyxwv^Doctor'],
  [0x00081030, 'LO', 'ZyxwvAbout'],
  [0x0008103e, 'LO', 'ZyxwvSeries '],
  [0x00100030, 'DA', '19470213'],
  [0x00101040, 'LO', 'ZyxwvStreet '],
  [0x00104000, 'LT', 'ZyxwvComment'],
  [0x00200010, 'SH', 'ZyxwvStudy'],
  [0x00204000, 'LT', 'ZyxwvImage'],
  [0x00091001, 'LO', 'ZyxwvPrivate'],
];

/**
 * Phantom series as a clinic would have them: files with more elements about somebody, in folders that are called after them. One file
 * more cannot be read.
 * @returns what no output may hold
 */
export function markVolumes(fs: MemoryFileSystem, root: string): string[] {
  const marks = new Set(['Zyxwv', '19470213', 'PHANTOM', 'brain_3', '20260101', 'IM000']);
  for (const [path, bytes] of [...fs.files]) {
    if (!path.startsWith(root) || !path.endsWith('.dcm')) continue;
    const { dataSet } = DicomFile.read(bytes, path);
    for (const name of ['studyUid', 'seriesUid', 'sopInstance', 'frameOfReference'] as const) {
      // Its beginning is of nobody else.
      marks.add(dataSet.string(name).slice(0, 20));
    }
    fs.files.delete(path);
    fs.files.set(path.replace(/\/(brain_\d+_)/, '/Zyxwv^Jane_$1'), withElements(bytes));
  }
  const [first] = [...fs.files.keys()].filter((path) => path.includes('Zyxwv'));
  fs.files.set(`${first}.cut.dcm`, fs.files.get(first)!.slice(0, 300));
  return [...marks];
}

/** An explicit little-endian file with these elements before all others. */
function withElements(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = 144 + new DataView(bytes.buffer).getUint32(140, true);
  const parts = MARKED.map(([tag, vr, value]) => {
    const part = new Uint8Array(8 + value.length);
    const view = new DataView(part.buffer);
    view.setUint16(0, tag >>> 16, true);
    view.setUint16(2, tag & 0xffff, true);
    view.setUint16(6, value.length, true);
    part.set(new TextEncoder().encode(vr), 4);
    part.set(new TextEncoder().encode(value), 8);
    return part;
  });
  const out = [bytes.subarray(0, at), ...parts, bytes.subarray(at)];
  return new Uint8Array(out.flatMap((part) => [...part]));
}

/** Which of some marks a text or a file holds, compressed ones unpacked, in whatever case. */
export function marksIn(what: Uint8Array | string, marks: readonly string[]): string[] {
  const bytes = typeof what === 'string' ? new TextEncoder().encode(what) : what;
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  const text = new TextDecoder('latin1').decode(plain).toLowerCase();
  return marks.filter((mark) => text.includes(mark.toLowerCase()));
}
