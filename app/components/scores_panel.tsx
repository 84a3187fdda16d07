import type { RefObject } from 'preact';
import { thresholdText } from '../../src/detect/set_metrics.ts';
import { methodTitle } from '../../src/fusion/presets.ts';
import { bestIntensity, intensityBaselines } from '../../src/metrics/intensity_baseline.ts';
import { Chart, Curve } from '../../src/report/chart.tsx';
import type { Outcome } from '../protocol/results.ts';
import { CalibratedDecisions } from './calibrated.tsx';
import { Notes } from './notes.tsx';
import { Operating } from './operating.tsx';
import { useShown } from './shown.ts';
import { Warnings } from './warnings.tsx';

interface Props {
  readonly outcome: Outcome;
  /** Scores at or above it are predicted abnormal. */
  readonly threshold: number;
  readonly onThreshold: (threshold: number) => void;
}

/** How well the scores separate normal from abnormal. */
export function ScoresPanel({ outcome, threshold, onThreshold }: Props) {
  const { metrics, trivial, roc, facts, verdict, notes } = outcome;
  const card = useShown();
  if (!metrics) return <Decisions card={card} {...{ outcome, threshold, onThreshold }} />;
  const { image, pixel, images, pixelThreshold } = metrics;
  const best = bestIntensity(trivial);
  const map = intensityBaselines(trivial).find(({ key }) => key === 'map');
  return (
    <section ref={card} class="card" aria-labelledby="scores-title">
      <h2 id="scores-title">Scores</h2>
      <p class="hint">
        {methodTitle(facts.method)} with {facts.model}, trained on {facts.data}, {facts.shots}{' '}
        {facts.shots === '1' ? 'shot' : 'shots'} a class, seed {facts.seed}; {images.normal} normal and{' '}
        {images.abnormal} abnormal test images of {facts.tested}
      </p>
      {facts.tested !== facts.data && (
        <p class="warning">
          These adapters were trained on {facts.data}, not on {facts.tested}: on another kind of image scores and
          thresholds mean little.
        </p>
      )}
      {verdict && (
        <>
          <p>
            <strong>{verdict.headline}</strong>
          </p>
          {verdict.sentences[1] && <p class="hint">{verdict.sentences[1]}</p>}
          <Warnings warnings={verdict.warnings} />
        </>
      )}
      <dl class="tiles">
        <Tile name="Image AUROC" value={image.auroc} note={best ? `brightness alone ${show(best.image.auroc)}` : ''} />
        <Tile name="Image AP" value={image.averagePrecision} note="average precision" />
        {pixel && <Tile name="Pixel AUROC" value={pixel.auroc} note={`brightness ${show(map?.pixel?.auroc)}`} />}
        {pixel && (
          <Tile
            name="AUPRO"
            value={pixel.aupro}
            note="overlap of regions: how much of each lesion is found at few false alarms"
          />
        )}
        {pixelThreshold && <Tile name="Dice" value={pixelThreshold.dice} note="at training’s threshold" />}
      </dl>
      {roc.length > 0 && <Roc outcome={outcome} threshold={threshold} onThreshold={onThreshold} />}
      {outcome.calibrated && <CalibratedDecisions calibrated={outcome.calibrated} rows={outcome.rows} />}
      <Notes notes={notes} />
    </section>
  );
}

/** The decisions on images that nobody has labelled, and the threshold that they follow. */
function Decisions({ card, outcome, threshold, onThreshold }: Props & { card: RefObject<HTMLElement | null> }) {
  const { rows, facts, thresholds, notes } = outcome;
  const scores = [Number.POSITIVE_INFINITY, ...new Set(rows.map(({ score }) => score))].sort((a, b) => b - a);
  const abnormal = rows.filter(({ score }) => score >= threshold).length;
  const at = scores.findLastIndex((score) => score >= threshold);
  return (
    <section ref={card} class="card" aria-labelledby="scores-title">
      <h2 id="scores-title">Decisions</h2>
      <p class="hint">
        {methodTitle(facts.method)} with {facts.model}, trained on {facts.data}: on other kinds of images scores mean
        little.
      </p>
      <p id="decisions">
        {abnormal} of {rows.length} {rows.length === 1 ? 'image' : 'images'} predicted abnormal
      </p>
      <div class="operating">
        <Operating {...{ threshold, thresholds: scores, at, onThreshold }} said={`${abnormal} abnormal`} />
        <p class="hint">
          {outcome.calibrated
            ? `The calibration chose ${thresholdText(outcome.calibrated.threshold)}.`
            : thresholds.image
              ? `Training chose ${thresholdText(thresholds.image.value)}.`
              : 'Training chose none, so it begins at the highest score.'}
        </p>
      </div>
      {outcome.calibrated && <CalibratedDecisions calibrated={outcome.calibrated} rows={rows} />}
      <Notes notes={notes} />
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

function Roc({ outcome, threshold, onThreshold }: Props) {
  const { roc } = outcome;
  const metrics = outcome.metrics!;
  const point = pointOf(outcome, threshold);
  const { falsePositiveRate, truePositiveRate } = roc[point];
  return (
    <div class="roc">
      <Chart
        title={`ROC curve of the image score, area ${show(metrics.image.auroc)}`}
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
        <Operating
          {...{ threshold, thresholds: roc.map((each) => each.threshold), at: point, onThreshold }}
          said={`sensitivity ${show(truePositiveRate)}, specificity ${show(1 - falsePositiveRate)}`}
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
        {outcome.calibrated ? (
          <p class="hint">The calibration chose {thresholdText(outcome.calibrated.threshold)}.</p>
        ) : metrics.imageThreshold ? (
          <p class="hint">
            Training chose {thresholdText(metrics.imageThreshold.value)}, on{' '}
            {metrics.imageThreshold.from === 'valid' ? 'images it did not learn from' : 'the support images'}; test
            images played no part.
          </p>
        ) : (
          <p class="hint">Training chose none; it begins at the largest F1 on these test images.</p>
        )}
      </div>
    </div>
  );
}

/** The threshold of a calibration, else the one that training chose, or without one that of the largest F1 on the test images. */
export function startThreshold({ calibrated, thresholds, metrics, rows }: Outcome): number {
  const highest = () => Math.max(...rows.map(({ score }) => score));
  return calibrated?.threshold ?? thresholds.image?.value ?? metrics?.image.f1Threshold ?? highest();
}

/** The point of a curve at which the images are predicted as a threshold predicts them: the last that is not below it. */
function pointOf({ roc }: Outcome, value: number): number {
  return Math.max(
    0,
    roc.findLastIndex(({ threshold }) => threshold >= value),
  );
}

/** Three digits; a dash where a metric is undefined. */
export function show(value: number | null | undefined): string {
  return value === undefined || value === null || Number.isNaN(value) ? '–' : value.toFixed(3);
}
