import { array, literal, number, object, optional, union, unknown } from 'valibot';
import { FusionclipError } from '../base/errors.ts';
import { checkJson } from '../base/json.ts';
import { type Link, packMessage, unpackMessage } from '../base/link.ts';
import { asTrained, type ModelSource, openModel } from '../detect/backbone.ts';
import { openData } from '../detect/open_data.ts';
import { openDetector } from '../detect/run_context.ts';
import { sliced } from '../detect/sliced.ts';
import { chooseShots, readSupport } from '../detect/support.ts';
import { describeAdapter } from '../gpu/adapter.ts';
import { parseHeader } from '../run/run_config.ts';
import type { PartGradients } from './gradient_parts.ts';
import { sameShots } from './provenance.ts';
import { itemsOf } from './shared_step.ts';
import type { TrainContext } from './train_run.ts';
import { Trainer } from './trainer.ts';

const ORDER = union([
  object({
    type: literal('open'),
    config: optional(unknown()),
    shots: optional(unknown()),
    pretraining: optional(unknown()),
  }),
  object({ type: literal('parts'), parts: array(array(number())) }),
]);

/** Where data and model lie for a worker, when not where the one who trains has them. */
export interface MemberPlaces {
  readonly data: string | null;
  readonly model: ModelSource | null;
}

/** What a worker has open: the model of somebody else's training. */
export interface PartWorker {
  /** Takes over the weights of the step that some parts belong to. @throws FusionclipError `bad_data` for those of another model */
  follow(weights: Float32Array<ArrayBuffer>, parts: readonly (readonly number[])[]): Promise<void>;
  /** Gradients and losses of a part of a batch, given by the numbers of its samples. */
  gradients(part: readonly number[]): Promise<PartGradients>;
  /** Frees the memory of the GPU. */
  release(): void;
}

/**
 * Works for one training, until its connection ends: opens the same support images and model, and answers with gradients.
 * @param pretraining opens a pre-training, where this worker takes part in such
 */
export async function serveTraining(
  context: TrainContext,
  link: Link,
  places: MemberPlaces,
  pretraining?: (what: unknown) => Promise<PartWorker>,
): Promise<void> {
  let opened: PartWorker | null = null;
  const say = (facts: object, numbers?: Float32Array) => link.send(packMessage(facts, numbers));
  try {
    for (;;) {
      const message = await link.receive();
      if (message === null) return;
      const { facts, numbers } = unpackMessage(message);
      const order = checkJson(ORDER, facts);
      if (order.type === 'open') {
        const isPairs = order.pretraining !== undefined && pretraining !== undefined;
        opened ??= isPairs ? await pretraining(order.pretraining) : await openTraining(context, order, places);
        say({ type: 'ready', adapter: describeAdapter(context.gpu.facts) });
        continue;
      }
      if (!opened) throw new FusionclipError('usage', 'No training is open.');
      await opened.follow(numbers, order.parts);
      for (const part of order.parts) {
        const { names, parameters, losses, gradients } = await opened.gradients(part);
        const all = new Float32Array(losses.length + gradients.length);
        all.set(losses);
        all.set(gradients, losses.length);
        say({ type: 'part', names, parameters, losses: [...losses].map(String) }, all);
      }
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say({ type: 'failed', reason });
    throw error;
  } finally {
    link.close();
    opened?.release();
  }
}

/** Opens what a training trains. @throws FusionclipError `bad_data` where the support images are others */
async function openTraining(
  outer: TrainContext,
  { config, shots: drawn }: { config?: unknown; shots?: unknown },
  { data, model }: MemberPlaces,
): Promise<PartWorker> {
  const header = parseHeader(config, 'the configuration');
  const path = data ?? header.data.path;
  const backbone = asTrained(
    header.model,
    await openModel(outer.fs, model ?? header.model.name, outer.signal),
    'the training',
  );
  const { context, rules } = await sliced(outer, path, header.train);
  const how = { path, rules, object: header.object, keeps: true, grey: header.grey, of: 'the training' };
  const { dataset } = await openData(context, how);
  const shots = await chooseShots(context.fs, dataset, header.train);
  const support = await readSupport(context.fs, shots, { ...header.fusion, grey: header.grey }, header.train.seed);
  if (!(await sameShots(drawn, support, header))) {
    throw new FusionclipError('bad_data', `${path} has other support images than the training; give the same data.`);
  }
  const detector = await openDetector(context, header, backbone);
  try {
    const trainer = new Trainer(detector, itemsOf(support, header, backbone), header.train);
    await trainer.prepare();
    return {
      follow: async (weights) => trainer.writeWeights(weights),
      gradients: (part) => trainer.gradients(part),
      release: () => {
        trainer.release();
        detector.release();
      },
    };
  } catch (error) {
    detector.release();
    throw error;
  }
}
