import { sha256 } from '../base/sha256.ts';
import { VERSION } from '../base/version.ts';
import type { Inventory } from '../data/layout/inventory.ts';
import type { TrainResults } from '../detect/results.ts';
import type { Support } from '../detect/support.ts';
import { runsOnMedClip } from '../fusion/methods/index.ts';
import { methodPreset, methodTitle } from '../fusion/presets.ts';
import { optionTextsOf, type RunConfig } from '../run/run_config.ts';

/** Name of the bill in a run folder. */
export const ML_BOM = 'bom.cdx.json';

/** What a bill is made of. */
export interface BillParts {
  readonly header: RunConfig;
  readonly inventory: Pick<Inventory, 'images' | 'sha256' | 'layout'>;
  readonly support: Pick<Support, 'shots'>;
  readonly results: TrainResults;
  /** SHA-256 of the adapters file. */
  readonly adapters: string;
}

/** A name with a value, as CycloneDX has them. */
interface Property {
  readonly name: string;
  readonly value: string;
}

/**
 * The bill of materials of a run (CycloneDX 1.6): what it has made, a `machine-learning-model` with its card; the model and the data
 * that it was made of, by their hashes; the program; all settings. It holds no clock and no place, so the same run gives the
 * same bytes.
 */
export async function mlBom({ header, inventory, support, results, adapters }: BillParts): Promise<object> {
  const name = `${header.fusion.method}-${results.data}`;
  const program = {
    type: 'application',
    'bom-ref': `pkg:npm/fusionclip@${VERSION}`,
    name: 'fusionclip',
    version: VERSION,
  };
  const base = baseModel(header);
  const sets = (['valid', 'test'] as const).map((split) => dataOf(split, results.data, inventory));
  const own = {
    type: 'machine-learning-model',
    'bom-ref': `model:${adapters}`,
    name,
    version: adapters.slice(0, 12),
    description: `${methodTitle(header.fusion.method)}, adapted to ${results.data} by fusionclip; not a medical device`,
    hashes: [hash(adapters)],
    modelCard: cardOf(header, results, sets[0]['bom-ref']),
    properties: [
      ...Object.entries(optionTextsOf(header)).map(([key, value]) => property(`setting:${key}`, value)),
      property('prompt.object', header.object),
      ...support.shots.normal.map(({ id }) => property('support:normal', id)),
      ...support.shots.abnormal.map(({ id }) => property('support:abnormal', id)),
    ],
  };
  const components = [base, ...sets];
  const content = {
    metadata: {
      lifecycles: [{ phase: 'build' }],
      tools: { components: [{ ...program, purl: program['bom-ref'] }] },
      component: own,
    },
    components,
    dependencies: [{ ref: own['bom-ref'], dependsOn: components.map((each) => each['bom-ref']) }],
  };
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: await serialOf(content),
    version: 1,
    ...content,
  };
}

function baseModel({ model }: RunConfig) {
  const { sha256: whole, hash: identity } = model;
  return {
    type: 'machine-learning-model',
    'bom-ref': `model:${whole ?? identity}`,
    // Where it lay is nobody's business.
    name: model.name.split('/').pop()!,
    version: (whole ?? identity).slice(0, 12),
    ...(whole && { hashes: [hash(whole)] }),
    properties: [property('model.identity', identity)],
  };
}

function dataOf(split: 'valid' | 'test', name: string, { sha256: sums, images, layout }: BillParts['inventory']) {
  const { normal, abnormal } = images[split];
  const counts = [
    property('layout', layout),
    property('images.normal', String(normal)),
    property('images.abnormal', String(abnormal)),
  ];
  return {
    type: 'data',
    'bom-ref': `data:${split}:${sums[split]}`,
    name: `${name}/${split}`,
    version: sums[split].slice(0, 12),
    description: 'the hash is that of the lines that sha256sum prints of its images and masks, by path',
    hashes: [hash(sums[split])],
    data: [{ type: 'dataset', name: `${name}/${split}`, contents: { properties: counts } }],
  };
}

/** The model card: what it was trained for and on, and how well it did on the test split. */
function cardOf({ fusion, kind }: RunConfig, { selected, warning }: TrainResults, trainedOn: string) {
  const { sampling } = selected;
  const measured: [string, number | null | undefined, { readonly low: number; readonly high: number }?][] = [
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

function hash(content: string) {
  return { alg: 'SHA-256', content };
}

function property(name: string, value: string): Property {
  return { name: `fusionclip:${name}`, value };
}

/** A UUID of the content: no dice, so that equal runs have equal bills. */
async function serialOf(content: object): Promise<string> {
  const sum = await sha256(new TextEncoder().encode(JSON.stringify(content)));
  const parts = [
    sum.slice(0, 8),
    sum.slice(8, 12),
    `5${sum.slice(13, 16)}`,
    `8${sum.slice(17, 20)}`,
    sum.slice(20, 32),
  ];
  return `urn:uuid:${parts.join('-')}`;
}
