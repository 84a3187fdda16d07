/** @jsxImportSource preact */

import { renderToStaticMarkup } from 'preact-render-to-string';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { formatDuration } from '../base/progress.ts';
import { VERSION } from '../base/version.ts';
import { clipShapes } from '../clip/index.ts';
import { PHANTOM_FAMILIES } from '../phantom/index.ts';
import { type PairStepEvent, type PretrainResult, pretrainOptions, pretrainTexts } from '../pretrain/index.ts';
import { SCENE_WORDS } from '../scene/index.ts';
import { Chart, Curve } from './chart.tsx';

/** Name of the card in a model folder. */
export const MODEL_CARD = 'MODEL_CARD.md';
/** Name of the picture of its losses beside it. */
export const CURVES = 'curves.svg';

/** Rows of the table of losses, at most. */
const MOST_ROWS = 24;
/** Points of the curve, at most. */
const MOST_POINTS = 200;

/**
 * Writes what a user of a pre-trained model must know beside it: what it is for and what not, how it was made, what it has and
 * has never seen, and the course of its loss as a table and a curve. Read from the log of the run, `metrics.jsonl`.
 * @param adapter what it was trained on, in words
 * @throws FusionclipError `io` when the log is gone or a file cannot be written
 */
export async function writeModelCard(
  fs: FileSystem,
  folder: string,
  result: PretrainResult,
  adapter: string,
): Promise<void> {
  const steps = await readLog(fs, joinPath(folder, 'metrics.jsonl'));
  await fs.writeFile(joinPath(folder, CURVES), `${curves(steps)}\n`);
  await fs.writeFile(joinPath(folder, MODEL_CARD), card(result, steps, adapter));
}

async function readLog(fs: FileSystem, path: string): Promise<PairStepEvent[]> {
  const stat = await fs.stat(path);
  const lines = stat
    ? new TextDecoder()
        .decode(await fs.readFile(path))
        .trim()
        .split('\n')
    : [];
  if (lines.length === 0) {
    throw new FusionclipError('io', `${path} is gone, so the model has no card; the model itself is whole.`);
  }
  return lines.map((line) => JSON.parse(line) as PairStepEvent);
}

function card({ config, settings, data }: PretrainResult, steps: readonly PairStepEvent[], adapter: string): string {
  const { vision, text, embed } = config;
  const options = pretrainOptions(settings);
  const last = steps[steps.length - 1];
  const parameters = Array.from(clipShapes(config).values()).reduce(
    (sum, shape) => sum + shape.reduce((size, axis) => size * axis, 1),
    0,
  );
  const grid = Math.floor(vision.nativeSize / vision.patch);
  const rows = [
    ['parameters', `${(parameters / 1e6).toFixed(2)} million, stored as float16`],
    [
      'vision tower',
      `${vision.layers} layers of width ${vision.width}, ${vision.heads} heads, ${vision.nativeSize} px in ${grid} × ${grid} patches`,
    ],
    [
      'text tower',
      `${text.layers} layers of width ${text.width}, ${text.heads} heads, ${text.context} tokens at most, ${text.vocab} in the vocabulary`,
    ],
    ['common space', `${embed} numbers`],
    ['made by', `fusionclip ${VERSION}: \`${commandOf(settings, data)}\``],
    ['seed', String(options.seed)],
    ['adapter', adapter],
    [
      'training',
      `${count(steps.length)} steps of ${options.batch} pairs in ${formatDuration(duration(steps))}; last loss ${last.loss.toFixed(3)}`,
    ],
  ];
  return `# Model card

A CLIP model that \`fusionclip pretrain\` has trained from nothing. **It is a toy for software tests and demonstrations. It is not
for medical use**: it has never seen a patient, and what it says about a real picture means nothing.

| | |
| --- | --- |
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

## What it has seen

${seen(options, data)}

## How its loss fell

![Loss over the steps](${CURVES})

${table(steps)}

The loss is the symmetric InfoNCE of pictures and captions${options.regions > 0 && data === null ? ' plus that of patches and captions' : ''}, as \`docs/pretraining.md\` defines it. Steps of
another size are not comparable with one another.

## Limits

* ${limitOf(options, data)}
* Sentences are understood as far as they resemble the captions; other words are bytes to it.
* ${isScenes(options, data) ? 'Damage' : 'Lesions'} much smaller than a patch of ${vision.patch} px are beyond it.
`;
}

function isScenes({ pictures }: ReturnType<typeof pretrainOptions>, data: string | null): boolean {
  return data === null && pictures === 'scenes';
}

function limitOf(options: ReturnType<typeof pretrainOptions>, data: string | null): string {
  if (data !== null) return 'It knows what is in its folder and nothing else.';
  return options.pictures === 'scenes'
    ? 'Generated pictures are simpler than photographs: few things and materials, one light, noise of one kind.'
    : 'Generated pictures are simpler than real ones: few kinds of lesion, one anatomy a family, noise of one kind.';
}

function seen(
  { families, 'without-kinds': without, seed, pictures }: ReturnType<typeof pretrainOptions>,
  data: string | null,
): string {
  if (data !== null) return `The pictures and captions of \`${data}\`.`;
  if (pictures === 'scenes') return scenesSeen(seed);
  const lines = [...new Set(families)].map((name) => {
    const { dataset, kinds } = PHANTOM_FAMILIES[name];
    const names = kinds.map((kind) => kind.name);
    const never = names.filter((kind) => without.includes(kind));
    const shown = names.filter((kind) => !without.includes(kind));
    return `| ${name} (${dataset}) | ${shown.join(', ')} | ${never.join(', ') || '–'} |`;
  });
  const others = Object.keys(PHANTOM_FAMILIES).filter((name) => !families.includes(name));
  return `Phantoms of seed ${seed}, drawn on the fly, healthy and diseased twins in equal numbers; no other pictures.

| family | lesions that it has seen | lesions that it has never seen |
| --- | --- | --- |
${lines.join('\n')}
${others.map((name) => `| ${name} (${PHANTOM_FAMILIES[name].dataset}) | none: never seen | all |`).join('\n')}${others.length > 0 ? '\n' : ''}
What is drawn is a function of the seed: phantoms of every other seed are new to it.`;
}

function scenesSeen(seed: number): string {
  const { things, materials, patterns, colours, damages } = SCENE_WORDS;
  return `Scenes of seed ${seed}, drawn on the fly, sound and damaged twins in equal numbers; **nothing medical**, and no other pictures.

| | |
| --- | --- |
| things | ${things.join(', ')} |
| materials | ${materials.join(', ')} |
| patterns | ${patterns.join(', ')} |
| colours | ${colours.join(', ')}; two of five pictures have none |
| damage | ${damages.join(', ')} |

Captions say kind, colour, number and place, and what is wrong. What is drawn is a function of the seed.`;
}

function table(steps: readonly PairStepEvent[]): string {
  const lines = means(steps, MOST_ROWS).map(
    ({ step, size, loss, scale, lr }) =>
      `| ${step} | ${size} | ${loss.toFixed(3)} | ${scale.toFixed(2)} | ${lr.toExponential(1)} |`,
  );
  return `| up to step | px | mean loss | scale | learning rate |\n| --- | --- | --- | --- | --- |\n${lines.join('\n')}`;
}

/** Means of the loss over equal stretches of steps, none of which crosses a change of size. */
function means(steps: readonly PairStepEvent[], most: number): PairStepEvent[] {
  const each = Math.ceil(steps.length / most);
  const out: PairStepEvent[] = [];
  for (let from = 0; from < steps.length; ) {
    let to = from + 1;
    while (to < steps.length && to - from < each && steps[to].size === steps[from].size) to++;
    const some = steps.slice(from, to);
    out.push({ ...some[some.length - 1], loss: some.reduce((sum, { loss }) => sum + loss, 0) / some.length });
    from = to;
  }
  return out;
}

const STYLE = `text{font:11.5px system-ui,sans-serif;fill:#625d6e}.grid{stroke:#dcd8e3}.axis{stroke:#625d6e}
.curve{fill:none;stroke:#5f2c91;stroke-width:1.5}rect{fill:#fff}`;

function curves(steps: readonly PairStepEvent[]): string {
  const points = means(steps, MOST_POINTS);
  const losses = points.map(({ loss }) => loss);
  const sizes = [...new Set(points.map(({ size }) => size))];
  const chart = renderToStaticMarkup(
    <Chart
      title={`Loss over ${steps.length} steps, ${losses[0].toFixed(2)} at first and ${losses[losses.length - 1].toFixed(2)} at last`}
      x={{ label: 'step', domain: [0, Math.max(2, steps.length)], whole: true }}
      y={{ label: 'loss', domain: [Math.min(...losses), Math.max(...losses, Math.min(...losses) + 1e-3)] }}
    >
      {(frame) =>
        sizes.map((size) => (
          <Curve
            key={size}
            frame={frame}
            points={points.filter((point) => point.size === size).map(({ step, loss }) => [step, loss])}
          />
        ))
      }
    </Chart>,
  );
  return chart
    .replace('<svg class="chart"', '<svg xmlns="http://www.w3.org/2000/svg"')
    .replace('>', `><style>${STYLE}</style><rect width="100%" height="100%"/>`);
}

/** Seconds of all parts of a run: the clock starts anew when it is resumed. */
function duration(steps: readonly PairStepEvent[]): number {
  return steps.reduce((sum, { seconds }, i) => sum + (steps[i + 1]?.seconds > seconds ? 0 : seconds), 0);
}

/** The command that repeats the training; settings that are the default are left out. */
function commandOf(settings: Readonly<Record<string, string>>, data: string | null): string {
  const usual = pretrainTexts(pretrainOptions());
  const flags = Object.entries(settings)
    .filter(([name, value]) => usual[name] !== value)
    .map(([name, value]) => ` --${name} ${value}`);
  return `fusionclip pretrain --out DIR${data === null ? '' : ` --data ${data}`}${flags.join('')}`;
}

function count(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}
