import { textColumns } from '../base/columns.ts';
import type { UnitMetrics } from '../detect/unit_metrics.ts';
import type { PatientResult, VolumeMetrics } from '../detect/volume_metrics.ts';

/** Patients that are printed; the file has all. */
const MOST_PATIENTS = 40;

/** Metrics of volumes and patients as lines for people. */
export function volumeLines({ rule, volumes, patients, voxels, froc, byPatient }: VolumeMetrics): string[] {
  const lines = [unitLine('volume', volumes), unitLine('patient', patients)];
  if (voxels) {
    const { mean } = voxels;
    lines.push(
      `voxels of all volumes: AUROC ${number(voxels.auroc)}, AP ${number(voxels.averagePrecision)}, AUPRO ${number(voxels.aupro)}` +
        `${dice(voxels.dice)}; mean of the volumes with lesions: AP ${number(mean.averagePrecision)}, AUPRO ${number(mean.aupro)}${dice(mean.dice)}`,
    );
  }
  if (froc && froc.lesions > 0) {
    const at = froc.at.map(({ falsePositives, sensitivity }) => `${number(sensitivity)} at ${falsePositives}`);
    lines.push(
      `lesions (${froc.lesions}), share found at so many false positives a volume: ${at.join(', ')}; mean ${number(froc.mean)}`,
    );
  }
  lines.push(rule.text, patientTable(byPatient.slice(0, MOST_PATIENTS)));
  if (byPatient.length > MOST_PATIENTS) lines.push(`and ${byPatient.length - MOST_PATIENTS} more patients`);
  return lines;
}

function unitLine(unit: string, metrics: UnitMetrics): string {
  const { normal, abnormal, auroc, interval, averagePrecision, sensitivity, specificity, brightness } = metrics;
  const range = interval ? ` (${number(interval.low)} to ${number(interval.high)})` : '';
  const decided =
    sensitivity === null || specificity === null
      ? ''
      : `, sensitivity ${number(sensitivity)}, specificity ${number(specificity)}`;
  const bright = brightness
    ? `; by brightness (${brightness.name}${brightness.reversed ? ', low' : ''}) AUROC ${number(brightness.auroc)}`
    : '';
  return `by ${unit} (${normal} normal, ${abnormal} abnormal): AUROC ${number(auroc)}${range}, AP ${number(averagePrecision)}${decided}${bright}`;
}

function patientTable(patients: readonly PatientResult[]): string {
  const head = ['patient', 'truth', 'predicted', 'score', 'volumes', 'lesions', 'found', 'false', 'Dice'];
  const rows = patients.map((one) => [
    ...[one.patient, word(one.abnormal), word(one.predicted), number(one.score), String(one.volumes)],
    ...[String(one.lesions), count(one.found), count(one.falsePositives), one.dice === null ? '–' : number(one.dice)],
  ]);
  return textColumns([head, ...rows], 'lllr');
}

function word(abnormal: boolean | null): string {
  return abnormal === null ? '–' : abnormal ? 'abnormal' : 'normal';
}

function dice(value: number | null): string {
  return value === null ? '' : `, Dice ${number(value)}`;
}

function count(value: number | null): string {
  return value === null ? '–' : String(value);
}

function number(value: number): string {
  return Number.isFinite(value) ? value.toFixed(4) : '–';
}
