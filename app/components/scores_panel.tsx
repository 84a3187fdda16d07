import { Chart, Curve } from '../../src/report/chart.tsx';
import type { Outcome } from '../protocol.ts';
import { useShown } from './shown.ts';

interface Props {
  readonly outcome: Outcome;
  /** Index of a point of the ROC curve: scores at or above its threshold are called abnormal. */
  readonly point: number;
  readonly onPoint: (point: number) => void;
}

/** How well the scores separate normal from abnormal. */
export function ScoresPanel({ outcome, point, onPoint }: Props) {
  const { judgement, trivial, roc, facts } = outcome;
  const { image, pixel, images, pixelThreshold } = judgement;
  const best = trivial && Math.max(...[trivial.mean, trivial.std, trivial.p995].map(({ auroc }) => auroc));
  const card = useShown();
  return (
    <section ref={card} class="card" aria-labelledby="scores-title">
      <h2 id="scores-title">Scores</h2>
      <p class="hint">
        {facts.model} on {facts.data}, {facts.shots} {facts.shots === '1' ? 'shot' : 'shots'} a class, seed {facts.seed}
        ; {images.normal} normal and {images.abnormal} abnormal test images
      </p>
      <dl class="tiles">
        <Tile name="Image AUROC" value={image.auroc} note={best === null ? '' : `brightness alone ${show(best)}`} />
        <Tile name="Image AP" value={image.averagePrecision} note="average precision" />
        {pixel && <Tile name="Pixel AUROC" value={pixel.auroc} note={`brightness ${show(trivial?.map?.auroc)}`} />}
        {pixel && <Tile name="AUPRO" value={pixel.aupro} note="overlap of regions" />}
        {pixelThreshold && <Tile name="Dice" value={pixelThreshold.dice} note="at training’s threshold" />}
      </dl>
      {roc.length > 0 && <Roc outcome={outcome} point={point} onPoint={onPoint} />}
    </section>
  );
}

function Tile({ name, value, note }: { name: string; value: number; note: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="value">{show(value)}</span>
        <span class="hint">{note}</span>
      </dd>
    </div>
  );
}

/** What scores that say nothing reach. */
const CHANCE = [
  [0, 0],
  [1, 1],
] as const;

function Roc({ outcome, point, onPoint }: Props) {
  const { roc, judgement } = outcome;
  const { threshold, falsePositiveRate, truePositiveRate } = roc[point];
  return (
    <div class="roc">
      <Chart
        title={`ROC curve of the image score, area ${show(judgement.image.auroc)}`}
        x={{ label: '1 − specificity', domain: [0, 1] }}
        y={{ label: 'sensitivity', domain: [0, 1] }}
      >
        {(frame) => (
          <>
            <Curve frame={frame} points={CHANCE} kind="chance" />
            <Curve frame={frame} points={roc.map((each) => [each.falsePositiveRate, each.truePositiveRate])} />
            <circle class="point" cx={frame.x(falsePositiveRate)} cy={frame.y(truePositiveRate)} r="5.5" />
          </>
        )}
      </Chart>
      <div class="operating">
        <label for="operating">Abnormal from a score of</label>
        <output for="operating">{Number.isFinite(threshold) ? threshold.toPrecision(4) : 'none'}</output>
        <input
          id="operating"
          type="range"
          min={0}
          max={roc.length - 1}
          step={1}
          value={point}
          onInput={({ currentTarget }) => onPoint(currentTarget.valueAsNumber)}
        />
        <dl class="rates">
          <div>
            <dt>Sensitivity</dt>
            <dd>{show(truePositiveRate)}</dd>
          </div>
          <div>
            <dt>Specificity</dt>
            <dd>{show(1 - falsePositiveRate)}</dd>
          </div>
        </dl>
        {judgement.imageThreshold && (
          <p class="hint">
            Training chose {judgement.imageThreshold.value.toPrecision(4)}, on{' '}
            {judgement.imageThreshold.from === 'valid' ? 'images it did not learn from' : 'the support images'}; test
            images played no part.
          </p>
        )}
      </div>
    </div>
  );
}

/** The point of a curve that stands for a threshold: the last whose threshold is not below it. */
export function pointOf({ roc, judgement }: Outcome): number {
  const value = judgement.imageThreshold?.value ?? judgement.image.f1Threshold;
  return Math.max(
    0,
    roc.findLastIndex(({ threshold }) => threshold >= value),
  );
}

/** Three digits; a dash where a metric is undefined. */
export function show(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : value.toFixed(3);
}
