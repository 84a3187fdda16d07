import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { dicom, type El, type Grey, type Made, picture } from '../dicom/dicom_maker.ts';

/** A slice of a series; what is not said is as in any good one. */
export interface MadeSlice {
  readonly position?: readonly number[] | null;
  readonly orientation?: readonly number[] | null;
  readonly spacing?: readonly number[] | null;
  readonly series?: string;
  readonly frameOfReference?: string;
  readonly patient?: string;
  readonly instance?: string;
  readonly number?: number;
  readonly modality?: string;
  readonly imageType?: string;
  readonly acquisition?: number;
  readonly echoTime?: number;
  readonly grey?: Partial<Grey>;
  readonly more?: readonly El[];
  readonly how?: Made;
}

/** What no message may hold. */
export const SECRETS = ['Doe^Jane', 'MRN-4711', '20260102', '1.2.826.77'];

const text = (values: readonly number[]) => values.join('\\');

/** The bytes of a slice at height `z`: 3 columns, 2 rows. */
export function sliceFile(z: number, made: MadeSlice = {}): Uint8Array<ArrayBuffer> {
  const { position = [10, 20, z], orientation = [1, 0, 0, 0, 1, 0], spacing = [0.5, 0.75] } = made;
  const grey: Grey = { rows: 2, columns: 3, signed: true, pixels: [z, 1, 2, 3, 4, 5], ...made.grey };
  const list: El[] = [
    [0x00080008, 'CS', made.imageType ?? 'ORIGINAL\\PRIMARY'],
    [0x00080018, 'UI', made.instance ?? `1.2.826.77.3.${Math.round(1000 * (z + 500))}`],
    [0x00080020, 'DA', '20260102'],
    [0x00080060, 'CS', made.modality ?? 'MR'],
    [0x00100010, 'PN', 'Doe^Jane'],
    [0x00100020, 'LO', made.patient ?? 'MRN-4711'],
    [0x0020000d, 'UI', '1.2.826.77.1'],
    [0x0020000e, 'UI', made.series ?? '1.2.826.77.2'],
    [0x00200013, 'IS', String(made.number ?? 1)],
    [0x00200052, 'UI', made.frameOfReference ?? '1.2.826.77.9'],
  ];
  if (position) list.push([0x00200032, 'DS', text(position)]);
  if (orientation) list.push([0x00200037, 'DS', text(orientation)]);
  if (spacing) list.push([0x00280030, 'DS', text(spacing)]);
  if (made.acquisition) list.push([0x00200012, 'IS', String(made.acquisition)]);
  if (made.echoTime) list.push([0x00180081, 'DS', String(made.echoTime)]);
  const all = [...picture(grey), ...list, ...(made.more ?? [])];
  return dicom(
    all.sort(([a], [b]) => a - b),
    made.how,
  );
}

/** Files below `s`, in the order given. */
export function folder(files: readonly Uint8Array[]): MemoryFileSystem {
  return new MemoryFileSystem(files.map((bytes, i) => [`s/IM${String(i).padStart(3, '0')}`, bytes]));
}
