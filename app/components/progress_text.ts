import { formatDuration, timeLeft } from '../../src/base/progress.ts';
import type { Stage, State } from '../state.ts';
import { sizeText } from './size_text.ts';

/** A kind of work: what its stages are called here, and what comes when all of its things are done. */
interface Work {
  readonly stage: RegExp;
  readonly title: string;
  readonly after: string;
  /** Whether its things are bytes. */
  readonly bytes?: boolean;
}

const WORKS: readonly Work[] = [
  { stage: /^phantoms$/, title: 'Drawing phantoms', after: 'Looking at the images…' },
  { stage: /^images$|^a look at/, title: 'Looking at the images', after: 'Preparing them for the model…' },
  {
    stage: /^features of the support/,
    title: 'Looking at the support images',
    after: 'Compiling and computing the first training step…',
  },
  {
    stage: /^features of the/,
    title: 'Looking at the images to choose weights on',
    after: 'Comparing weights on them…',
  },
  { stage: /^scores/, title: 'Scoring the test images', after: 'Computing metrics and intervals…' },
  { stage: /^maps$/, title: 'Drawing maps', after: 'Writing them…' },
  { stage: /^images that are kept$/, title: 'Keeping the images', after: 'Loading the model…' },
  {
    stage: /^tensors of the model$/,
    title: 'Reading the model, tensor by tensor',
    after: 'All of the model is read…',
  },
  {
    stage: /^tensors that are loaded$/,
    title: 'Loading the model onto the GPU, tensor by tensor',
    after: 'Preparing the sentences that images are compared with…',
  },
  { stage: /^bytes of the model$/, title: 'Storing the model', after: 'Checking it…', bytes: true },
  { stage: /^bytes that are fetched$/, title: 'Fetching the model', after: 'Checking it…', bytes: true },
];

/** How far the work is: a share, or undefined where nobody knows, and a sentence. */
export interface ProgressShown {
  readonly fraction: number | undefined;
  readonly text: string;
}

/** What the page says of the work at hand. @param now milliseconds, as {@link State.due} counts them */
export function progressOf(
  state: Pick<State, 'phase' | 'stage' | 'progress' | 'kept' | 'moving' | 'due'>,
  now: number,
): ProgressShown {
  const { phase, stage, progress, kept, moving } = state;
  const steps = progress ? progress.step / progress.steps : 0;
  if (phase === 'paused') {
    const at = progress ? `after step ${progress.step} of ${progress.steps}` : 'before the first step';
    const where = kept?.lasting
      ? 'the state is kept in this browser'
      : 'the state is kept as long as this page is open';
    return { fraction: steps, text: `Paused ${at}; ${where}.` };
  }
  if (phase === 'stopping') return { fraction: undefined, text: 'Stopping after what is at hand…' };
  if (phase === 'pausing') return { fraction: steps, text: 'Finishing the current step…' };
  const left = leftText(state, now);
  if (stage) return staged(stage, left || stageLeft(stage, now));
  if (phase === 'preparing') return { fraction: undefined, text: 'Reading…' };
  if (phase !== 'training' || !progress || !moving) {
    const what = progress && phase === 'training' ? `, to go on after step ${progress.step} of ${progress.steps}` : '';
    return { fraction: undefined, text: `Loading the model${what}…` };
  }
  const done = progress.step >= progress.steps;
  if (done) return { fraction: undefined, text: `All ${progress.steps} steps are done; next the test images${left}` };
  return { fraction: steps, text: `Epoch ${progress.epoch} of ${progress.epochs}${left}` };
}

/** A stage that is whole stands for what comes after it, of which nothing is counted. */
function staged({ what, done, total }: Stage, left: string): ProgressShown {
  const work = WORKS.find(({ stage }) => stage.test(what));
  if (done >= total && work) return { fraction: undefined, text: work.after };
  const [count, all] = [done, total].map((number) => (work?.bytes ? sizeText(number) : number));
  return { fraction: total > 0 ? done / total : undefined, text: `${work?.title ?? what}: ${count} of ${all}${left}` };
}

/** Seconds of a stage below which nothing is said of them. */
const SHORT = 8;

/** What is left of a stage where nobody knows about the whole work. */
function stageLeft({ done, total, pace }: Stage, now: number): string {
  if (!pace || done === pace.from) return '';
  const end = pace.now + ((pace.now - pace.since) / (done - pace.from)) * (total - done);
  const seconds = (end - now) / 1000;
  return seconds < SHORT ? '' : `, about ${formatDuration(seconds)} for the rest of them`;
}

function leftText({ phase, due }: Pick<State, 'phase' | 'due'>, now: number): string {
  if (phase !== 'training' || due === null || due[1] <= now) return '';
  const [least, most] = due.map((at) => Math.max(0, at - now) / 1000);
  return `, ${timeLeft(least, most).text}`;
}
