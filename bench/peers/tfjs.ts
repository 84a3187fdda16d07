import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu';
import { BLOCK } from '../shapes.ts';
import type { Job, Peer } from './peer.ts';
import { EPSILON, isLinear, transposed, type Work } from './work.ts';

type Named = (name: string) => tf.Tensor2D;

const { tokens, width, heads } = BLOCK;

/** tfjs-core with its WebGPU backend. It has no layer norm and no attention: they are composed as its users compose them. */
export class Tfjs implements Peer {
  readonly name = 'tfjs';

  async open(): Promise<void> {
    if (!(await tf.setBackend('webgpu'))) throw new Error('setBackend("webgpu") answered false');
    await tf.ready();
  }

  async prepare(work: Work): Promise<Job> {
    const inputs = new Map<string, tf.Tensor>();
    for (const [name, input] of Object.entries(work.inputs)) {
      const { values, shape } = isLinear(work, name) ? transposed(input) : input;
      inputs.set(name, tf.tensor(values, [...shape]));
    }
    const start = starter(work, (name) => inputs.get(name) as tf.Tensor2D);
    const backend = tf.backend() as WebGPUBackend;
    let last: tf.Tensor | null = null;
    return {
      run: () => {
        last?.dispose();
        last = tf.tidy(start);
      },
      done: () => {
        // It gathers fifteen dispatches before it submits by itself, and would submit an open pass.
        backend.ensureCommandEncoderReady();
        backend.endComputePassEncoder();
        backend.submitQueue();
        return backend.queue.onSubmittedWorkDone();
      },
      read: () => last!.data(),
      release: () => tf.dispose([last!, ...inputs.values()]),
    };
  }
}

function starter({ kind }: Work, of: Named): () => tf.Tensor {
  switch (kind) {
    case 'matmul':
      return () => tf.matMul(of('x'), of('w'));
    case 'attention':
      return () => attention(of('q'), of('k'), of('v'));
    case 'layer_norm':
      return () => norm(of('x'), of('weight'), of('bias'));
    case 'block':
      return () => block(of);
  }
}

function norm(x: tf.Tensor2D, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor2D {
  const { mean, variance } = tf.moments(x, 1, true);
  const unit = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, EPSILON)));
  return tf.add(tf.mul(unit, weight), bias);
}

function attention(...parts: [q: tf.Tensor2D, k: tf.Tensor2D, v: tf.Tensor2D]): tf.Tensor2D {
  const split = (part: tf.Tensor2D) => tf.transpose(tf.reshape(part, [tokens, heads, width / heads]), [1, 0, 2]);
  const [q, k, v] = parts.map(split);
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width / heads));
  return tf.reshape(tf.transpose(tf.matMul(tf.softmax(scores), v), [1, 0, 2]), [tokens, width]);
}

function block(of: Named): tf.Tensor {
  const linear = (a: tf.Tensor2D, name: string) =>
    tf.fused.matMul({ a, b: of(`${name}_weight`), bias: of(`${name}_bias`) }) as tf.Tensor2D;
  const normed = (x: tf.Tensor2D, name: string) => norm(x, of(`${name}_weight`), of(`${name}_bias`));
  const [q, k, v] = tf.split<tf.Tensor2D>(linear(normed(of('x'), 'ln_1'), 'qkv'), 3, 1);
  const middle: tf.Tensor2D = tf.add(of('x'), linear(attention(q, k, v), 'out'));
  const hidden = linear(normed(middle, 'ln_2'), 'fc');
  const active = tf.mul(hidden, tf.sigmoid(tf.mul(hidden, 1.702))) as tf.Tensor2D;
  return tf.add(middle, linear(active, 'proj'));
}
