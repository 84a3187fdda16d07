import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np } from '@jax-js/jax';
import { BLOCK } from '../shapes.ts';
import type { Job, Peer } from './peer.ts';
import { EPSILON, isLinear, transposed, type Work } from './work.ts';

type Named = Record<string, np.Array>;

const { tokens, width, heads } = BLOCK;

/** jax-js: everything under `jit`, so that it may fuse what it can. A function owns its arguments; `.ref` keeps one. */
export class JaxJs implements Peer {
  readonly name = 'jax-js';

  async open(): Promise<void> {
    const devices = await init('webgpu');
    if (!devices.includes('webgpu')) throw new Error(`init("webgpu") answered [${devices}]`);
    defaultDevice('webgpu');
  }

  async prepare(work: Work): Promise<Job> {
    const inputs: Named = {};
    for (const [name, input] of Object.entries(work.inputs)) {
      const { values, shape } = isLinear(work, name) ? transposed(input) : input;
      inputs[name] = np.array(values).reshape([...shape]);
    }
    await blockUntilReady(inputs);
    const compiled = jit(body(work));
    // Work is done when its result is waited for: one that is disposed before costs nothing, and would count as fast.
    let results: np.Array[] = [];
    let last: np.Array | null = null;
    return {
      run: () => {
        results.push(compiled(Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, array.ref]))));
      },
      done: async () => {
        await blockUntilReady(results);
        last?.dispose();
        last = results.pop()!;
        for (const result of results) result.dispose();
        results = [];
      },
      read: () => last!.ref.data() as Promise<Float32Array>,
      release: () => {
        last?.dispose();
        for (const array of Object.values(inputs)) array.dispose();
        compiled.dispose();
      },
    };
  }
}

function body({ kind }: Work): (inputs: Named) => np.Array {
  switch (kind) {
    case 'matmul':
      return ({ x, w }) => np.matmul(x, w);
    case 'attention':
      return ({ q, k, v }) => attention(q, k, v);
    case 'layer_norm':
      return ({ x, weight, bias }) => nn.standardize(x, -1, { epsilon: EPSILON }).mul(weight).add(bias);
    case 'block':
      return block;
  }
}

function attention(...parts: [q: np.Array, k: np.Array, v: np.Array]): np.Array {
  const [q, k, v] = parts.map((part) => part.reshape([tokens, heads, width / heads]));
  return nn.dotProductAttention(q, k, v).reshape([tokens, width]);
}

function block(of: Named): np.Array {
  const linear = (x: np.Array, name: string) => np.matmul(x, of[`${name}_weight`]).add(of[`${name}_bias`]);
  const normed = (x: np.Array, name: string) =>
    nn.standardize(x, -1, { epsilon: EPSILON }).mul(of[`${name}_weight`]).add(of[`${name}_bias`]);
  const [q, k, v] = np.split(linear(normed(of.x.ref, 'ln_1'), 'qkv'), 3, 1);
  const middle = of.x.add(linear(attention(q, k, v), 'out'));
  const hidden = linear(normed(middle.ref, 'ln_2'), 'fc');
  const active = hidden.ref.mul(nn.sigmoid(hidden.mul(1.702)));
  return middle.add(linear(active, 'proj'));
}
