/**
 * Golden comparisons of what is trained through leaky rectifiers. Their derivative jumps at zero, so an element whose
 * input is zero up to rounding gets one gradient or a hundred times another, as its last bits decide: from there on two
 * correct float32 programs train apart, further than any tolerance of rounding. A tolerance that forgave this would
 * forgive errors too. So where a comparison fails, the training is repeated with such elements taken across the kink,
 * and has to agree with the reference within the tolerance that it always had.
 */
import { GpuArray } from '../../../src/gpu/array.ts';
import type { Dispatch, Gpu } from '../../../src/gpu/gpu.ts';
import { activation_backward, adam } from '../../../src/kernels/shaders.gen.ts';
import type { GoldenCase } from './golden.ts';

/** `KIND` of a leaky rectifier in activation_backward.wgsl, and its slope below zero. */
const LEAKY = 3;
const SLOPE = 0.01;

/** Trainings at most, after the first: a wrong program is told so in bounded time. */
const ATTEMPTS = 12;

/** A rectifier's input that rounding may have put on the wrong side of zero. */
interface Kink {
  readonly input: number;
  /** Where it is used: more than once in a step where its rectifier is computed again. */
  readonly places: Place[];
}

interface Place {
  /** Which gradient of a rectifier, counted from the start of the training. */
  readonly call: number;
  /** Index into the flat tensor. */
  readonly element: number;
}

/**
 * The cases that `attempt` yields, which trains from the start each time. If some fail, those of the first repetition
 * in which all pass: one element taken across its kink, nearest to zero first, then two, and so on.
 * @param reach largest |input| that counts as zero up to rounding
 */
export async function* acrossKinks(
  gpu: Gpu,
  reach: number,
  attempt: () => AsyncGenerator<GoldenCase>,
): AsyncGenerator<GoldenCase> {
  const plain = await collect(attempt());
  const found = plain.every(passes) ? plain : await searched(gpu, reach, attempt, plain);
  yield* found ?? plain;
}

async function searched(
  gpu: Gpu,
  reach: number,
  attempt: () => AsyncGenerator<GoldenCase>,
  plain: readonly GoldenCase[],
): Promise<GoldenCase[] | null> {
  // The first only watches.
  const queue: (readonly Kink[])[] = [[]];
  for (let run = 0; run < Math.min(queue.length, ATTEMPTS); run++) {
    const crossed = queue[run];
    const watch = new RectifierWatch(gpu, crossed);
    let cases: GoldenCase[];
    let kinks: Kink[];
    try {
      cases = await collect(attempt());
      kinks = await watch.kinks(reach);
    } finally {
      watch.end();
    }
    if (crossed.length > 0 && cases.every(passes)) return cases.map((one, i) => described(one, plain[i], crossed));
    // Later ones only, so that no set comes twice.
    const last = crossed.at(-1)?.places[0];
    for (const kink of kinks) if (!last || comesAfter(kink.places[0], last)) queue.push([...crossed, kink]);
  }
  return null;
}

function comesAfter(a: Place, b: Place): boolean {
  return a.call > b.call || (a.call === b.call && a.element > b.element);
}

/** A case that failed at first says so, and what was taken across the kink since. */
function described(now: GoldenCase, before: GoldenCase, crossed: readonly Kink[]): GoldenCase {
  if (passes(before)) return now;
  const inputs = crossed.map(({ input }) => input.toExponential(1)).join(' and ');
  return { ...now, name: `${now.name} (${before.ratio.toFixed(1)} with rectifier input ${inputs} on its own side)` };
}

/** Stands between a device and the gradients of its leaky rectifiers, from its making to `end`. */
class RectifierWatch {
  readonly #gpu: Gpu;
  /** Outputs of the rectifiers, call by call, with the number of parameters that had been stepped by then. */
  readonly #outputs: { output: GpuArray; stepped: number }[] = [];
  #stepped = 0;

  constructor(gpu: Gpu, crossed: readonly Kink[]) {
    this.#gpu = gpu;
    const run: Gpu['run'] = (call) => {
      if (call.shader.name === adam.name) this.#stepped++;
      const seen = call.shader.name === activation_backward.name && call.constants?.['KIND' as never] === LEAKY;
      Object.getPrototypeOf(gpu).run.call(gpu, seen ? this.#changed(call as never, crossed) : call);
    };
    Object.defineProperty(gpu, 'run', { value: run, configurable: true });
  }

  /** The call on a copy of the output, in which the crossed elements have the other sign. */
  #changed(call: Dispatch<'grad' | 'saved' | 'dx', 'quads', string>, crossed: readonly Kink[]) {
    const copy = GpuArray.empty(this.#gpu, [4 * call.params.quads]).keep();
    this.#gpu.copy(call.buffers.saved, copy);
    for (const { input, places } of crossed) {
      for (const { element } of places.filter((place) => place.call === this.#outputs.length)) {
        const view = { buffer: copy.buffer, offset: copy.offset + 4 * element, bytes: 4 };
        this.#gpu.write(view, Float32Array.of(input > 0 ? -1 : 1));
      }
    }
    this.#outputs.push({ output: copy, stepped: this.#stepped });
    return { ...call, buffers: { ...call.buffers, saved: copy } };
  }

  /** All elements within reach of a kink, nearest first. */
  async kinks(reach: number): Promise<Kink[]> {
    const kinks = new Map<string, Kink>();
    for (const [call, { output, stepped }] of this.#outputs.entries()) {
      for (const [element, y] of (await output.read()).entries()) {
        const input = y < 0 ? y / SLOPE : y;
        if (Math.abs(input) > reach) continue;
        // The same value twice in a step is the same element, computed twice.
        const key = `${stepped} ${input}`;
        kinks.set(key, kinks.get(key) ?? { input, places: [] });
        kinks.get(key)!.places.push({ call, element });
      }
    }
    return [...kinks.values()].sort((a, b) => Math.abs(a.input) - Math.abs(b.input));
  }

  end(): void {
    Reflect.deleteProperty(this.#gpu, 'run');
    for (const { output } of this.#outputs) output.release();
  }
}

function passes({ ratio }: GoldenCase): boolean {
  return ratio <= 1;
}

async function collect(cases: AsyncGenerator<GoldenCase>): Promise<GoldenCase[]> {
  const out: GoldenCase[] = [];
  for await (const one of cases) out.push(one);
  return out;
}
