/** @jsxImportSource preact */
import type { UnitMetrics } from '../detect/unit_metrics.ts';
import type { VolumeMetrics } from '../detect/volume_metrics.ts';
import { DataTable, Details } from './data_table.tsx';
import { Section } from './section.tsx';
import { fixed } from './verdict.ts';

/** What a run says of volumes and patients. Stored results have null where a number is undefined. */
export function VolumeSection({ volumes }: { readonly volumes: VolumeMetrics }) {
  const { rule, voxels, froc, byVolume, byPatient } = volumes;
  return (
    <Section title="Volumes and patients">
      <p>Here {rule.text}.</p>
      <DataTable
        title="With a lesion or without"
        heads={[
          '',
          'normal',
          'abnormal',
          'AUROC',
          '95 % interval',
          'AP',
          'sensitivity',
          'specificity',
          'brightness alone',
        ]}
        rows={[unitRow('volumes', volumes.volumes), unitRow('patients', volumes.patients)]}
      />
      {voxels && (
        <DataTable
          title="Their voxels, on the grids that they are stored in"
          heads={['', 'AUROC', 'AP', 'AUPRO', 'Dice']}
          rows={[
            [
              'all together',
              fixed(voxels.auroc),
              fixed(voxels.averagePrecision),
              fixed(voxels.aupro),
              known(voxels.dice),
            ],
            [
              ...['mean of the volumes with lesions', ''],
              ...[fixed(voxels.mean.averagePrecision), fixed(voxels.mean.aupro), known(voxels.mean.dice)],
            ],
          ]}
        />
      )}
      {froc && froc.lesions > 0 && (
        <DataTable
          title={`Share of the ${froc.lesions} lesions found, at so many false positives a volume`}
          heads={['', ...froc.at.map(({ falsePositives }) => String(falsePositives)), 'mean']}
          rows={[['sensitivity', ...froc.at.map(({ sensitivity }) => fixed(sensitivity)), fixed(froc.mean)]]}
        />
      )}
      <DataTable
        title="Patients"
        heads={['patient', 'truth', 'predicted', 'score', 'volumes', 'lesions', 'found', 'false positives', 'Dice']}
        rows={byPatient.map((one) => [
          ...[one.patient, truth(one.abnormal), truth(one.predicted), fixed(one.score), String(one.volumes)],
          ...[String(one.lesions), count(one.found), count(one.falsePositives), known(one.dice)],
        ])}
      />
      <Details
        title="Volumes"
        heads={['volume', 'patient', 'score', 'lesion ml', 'predicted ml', 'Dice', 'AP', 'AUPRO']}
        rows={byVolume.map((one) => [
          ...[
            one.name,
            one.patient,
            fixed(one.score),
            millilitres(one.lesionMillilitres),
            millilitres(one.millilitres),
          ],
          ...[known(one.dice), known(one.averagePrecision), known(one.aupro)],
        ])}
      />
    </Section>
  );
}

function unitRow(name: string, metrics: UnitMetrics): string[] {
  const { normal, abnormal, auroc, interval, averagePrecision, sensitivity, specificity, brightness } = metrics;
  return [
    ...[name, String(normal), String(abnormal), fixed(auroc)],
    interval ? `${fixed(interval.low)} to ${fixed(interval.high)}` : '–',
    ...[fixed(averagePrecision), known(sensitivity), known(specificity), known(brightness?.auroc ?? null)],
  ];
}

function known(value: number | null): string {
  return value === null ? '–' : fixed(value);
}

function millilitres(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}

function count(value: number | null): string {
  return value === null ? '–' : String(value);
}

function truth(abnormal: boolean | null): string {
  return abnormal === null ? '–' : abnormal ? 'abnormal' : 'normal';
}
