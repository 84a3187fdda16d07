import type { AdapterFacts } from '../gpu/adapter.ts';
import { IdleGpu } from '../gpu/counting.ts';
import type { Dispatch } from '../gpu/interface.ts';
import type { Shader } from '../gpu/shader.ts';
import type { ShaderFacts } from './job.ts';

/** A `Gpu` that computes nothing and lists the shaders that wrappers dispatch on an adapter. */
export class ListeningGpu extends IdleGpu {
  override readonly facts: AdapterFacts;
  readonly #shaders = new Map<string, ShaderFacts>();

  constructor(facts: AdapterFacts) {
    super(facts.class);
    this.facts = facts;
  }

  /** What `body` dispatches, in the order of first use. */
  listen(body: () => unknown): readonly ShaderFacts[] {
    this.#shaders.clear();
    body();
    return [...this.#shaders.values()];
  }

  override run<B extends string, P extends string, C extends string>(call: Dispatch<B, P, C>): void {
    super.run(call);
    const shader: Shader = call.shader;
    const [x, y = 1, z = 1] = call.groups;
    if (x * y * z === 0) return;
    const flops = call.flops ?? 0;
    const known = this.#shaders.get(shader.name);
    this.#shaders.set(
      shader.name,
      known
        ? { ...known, dispatches: known.dispatches + 1, flops: known.flops + flops }
        : {
            ...{ name: shader.name, source: shader.source },
            constants: { ...shader.constants, ...call.constants },
            ...{ params: call.params, groups: [x, y, z], dispatches: 1, flops },
          },
    );
  }
}
