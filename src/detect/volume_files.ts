import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { rowsCsv } from './predictions.ts';
import type { PatientResult, VolumeMetrics, VolumeResult } from './volume_metrics.ts';

/** The table of an evaluation of volumes. */
export const VOLUMES_CSV = 'volumes.csv';
/** The same of patients. */
export const PATIENTS_CSV = 'patients.csv';

const VOLUME_COLUMNS: readonly (keyof VolumeResult)[] = [
  ...(['patient', 'name', 'abnormal', 'score', 'slices', 'lesionMillilitres', 'millilitres', 'dice'] as const),
  ...(['averagePrecision', 'aupro', 'lesions', 'found', 'falsePositives'] as const),
];

const PATIENT_COLUMNS: readonly (keyof PatientResult)[] = [
  ...(['patient', 'abnormal', 'predicted', 'score', 'volumes', 'lesions', 'found', 'falsePositives', 'dice'] as const),
];

/** Writes a table of the volumes and one of the patients into a folder. */
export async function writeVolumeTables(
  fs: FileSystem,
  folder: string,
  { byVolume, byPatient }: VolumeMetrics,
): Promise<void> {
  await fs.writeFile(joinPath(folder, VOLUMES_CSV), rowsCsv(byVolume, VOLUME_COLUMNS));
  await fs.writeFile(joinPath(folder, PATIENTS_CSV), rowsCsv(byPatient, PATIENT_COLUMNS));
}
