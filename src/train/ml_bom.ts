import type { FileSystem } from '../base/file_system.ts';
import { sha256 } from '../base/sha256.ts';
import type { Inventory } from '../data/layout/inventory.ts';
import type { TrainResults } from '../detect/results.ts';
import { runsOnMedClip } from '../fusion/methods/index.ts';
import { methodPreset, methodTitle } from '../fusion/presets.ts';
import { BILL, billHash, billOf, billProperty } from '../run/cyclonedx.ts';
import { optionTextsOf, type RunConfig } from '../run/run_config.ts';
import { ADAPTERS, type RunFolder } from '../run/run_folder.ts';

/** What a bill is made of. */
export interface BillParts {
  readonly header: RunConfig;
  readonly inventory: Pick<Inventory, 'images' | 'sha256' | 'layout'>;
  readonly results: TrainResults;
}

/**
 * Writes the bill of materials of a run (CycloneDX 1.6) into its folder: what it has made, a `machine-learning-model` with its card;
 * the model and the data that it was made of, by their hashes; the program; all settings.
 */
export async function writeRunBill(fs: FileSystem, folder: RunFolder, parts: BillParts): Promise<void> {
  const adapters = await sha256(await fs.readFile(folder.file(ADAPTERS)));
  await folder.writeJson(BILL, await billOfRun(parts, adapters));
}

/** @param adapters SHA-256 of their file */
function billOfRun({ header, inventory, results }: BillParts, adapters: string): Promise<object> {
  const name = `${header.fusion.method}-${results.data}`;
  const base = baseModel(header);
  const sets = (['valid', 'test'] as const).map((split) => dataOf(split, results.data, inventory));
  const own = {
    type: 'machine-learning-model',
    'bom-ref': `model:${adapters}`,
    name,
    version: adapters.slice(0, 12),
    description: `${methodTitle(header.fusion.method)}, adapted to ${results.data} by fusionclip; not a medical device`,
    hashes: [billHash(adapters)],
    modelCard: cardOf(header, results, sets[0]['bom-ref']),
    properties: [
      ...Object.entries(optionTextsOf(header)).map(([key, value]) => {
        // Of a file its name.
        return billProperty(`setting:${key}`, key === 'shots.list' ? value.split('/').pop()! : value);
      }),
      billProperty('prompt.object', header.object),
      // Not which: a bill goes where the weights go, and names of files may tell whose images they are.
      billProperty('support.normal', String(results.shots.normal)),
      billProperty('support.abnormal', String(results.shots.abnormal)),
    ],
  };
  return billOf(own, [base, ...sets]);
}

function baseModel({ model }: RunConfig) {
  const { sha256: whole, hash: identity } = model;
  return {
    type: 'machine-learning-model',
    'bom-ref': `model:${whole ?? identity}`,
    // Where it lay is nobody's business.
    name: model.name.split('/').pop()!,
    version: (whole ?? identity).slice(0, 12),
    ...(whole && { hashes: [billHash(whole)] }),
    properties: [billProperty('model.identity', identity)],
  };
}

function dataOf(split: 'valid' | 'test', name: string, { sha256: sums, images, layout }: BillParts['inventory']) {
  const { normal, abnormal } = images[split];
  const counts = [
    billProperty('layout', layout),
    billProperty('images.normal', String(normal)),
    billProperty('images.abnormal', String(abnormal)),
  ];
  return {
    type: 'data',
    'bom-ref': `data:${split}:${sums[split]}`,
    name: `${name}/${split}`,
    version: sums[split].slice(0, 12),
    description: 'the hash is that of the lines that sha256sum prints of its images and masks, by path',
    hashes: [billHash(sums[split])],
    data: [{ type: 'dataset', name: `${name}/${split}`, contents: { properties: counts } }],
  };
}

/** The model card: what it was trained for and on, and how well it did on the test split. */
function cardOf({ fusion, kind }: RunConfig, { selected, warning }: TrainResults, trainedOn: string) {
  const { sampling } = selected;
  const measured: [string, number | null | undefined, ({ readonly low: number; readonly high: number } | null)?][] = [
    ['image AUROC', selected.image.auroc, sampling?.imageAuroc],
    ['image average precision', selected.image.averagePrecision, sampling?.imageAveragePrecision],
    ['sensitivity at the threshold', selected.imageThreshold?.sensitivity],
    ['specificity at the threshold', selected.imageThreshold?.specificity],
    ['pixel AUROC', selected.pixel?.auroc],
    ['pixel average precision', selected.pixel?.averagePrecision],
    ['AUPRO', selected.pixel?.aupro],
    ['Dice at the threshold', selected.pixelThreshold?.dice],
  ];
  const performanceMetrics = measured.flatMap(([type, value, interval]) =>
    typeof value !== 'number' || Number.isNaN(value)
      ? []
      : [
          {
            type,
            value: String(value),
            slice: 'test',
            ...(interval && {
              confidenceInterval: { lowerBound: String(interval.low), upperBound: String(interval.high) },
            }),
          },
        ],
  );
  const { trained } = methodPreset(fusion.method);
  return {
    modelParameters: {
      ...(trained && { approach: { type: 'supervised' } }),
      task: 'few-shot anomaly detection in images',
      architectureFamily: runsOnMedClip(fusion.method) ? 'MedCLIP' : 'CLIP',
      modelArchitecture: methodTitle(fusion.method),
      datasets: [{ ref: trainedOn }],
      inputs: [{ format: `image of ${fusion.size} × ${fusion.size}` }],
      outputs: [{ format: kind === 'pixel' ? 'score and map' : 'score' }],
    },
    quantitativeAnalysis: { performanceMetrics },
    considerations: {
      useCases: ['research on the images of one kind that it was adapted to'],
      technicalLimitations: ['not a medical device; not validated for clinical use', ...(warning ? [warning] : [])],
    },
  };
}
