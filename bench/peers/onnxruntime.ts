import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import * as ort from 'onnxruntime-web/webgpu';
import { BLOCK } from '../shapes.ts';
import { OnnxGraph } from './onnx_graph.ts';
import type { Job, Peer } from './peer.ts';
import { EPSILON, type Input, isLinear, transposed, type Work } from './work.ts';

const { width, heads } = BLOCK;
/** The domain of operators that onnxruntime has beyond the standard's. */
const OWN = 'com.microsoft';
/** Inputs that are activations; all others are weights. */
const ACTIVATIONS = ['x', 'q', 'k', 'v'];

/**
 * onnxruntime-web with its WebGPU execution provider. Weights are constants of the graph; activations and results stay on
 * the device. Its own fused operators are used where it has them.
 */
export class OnnxRuntime implements Peer {
  readonly name = 'onnxruntime';

  async open(): Promise<void> {
    ort.env.wasm.wasmPaths = { wasm: new URL(wasm, document.baseURI).href };
    // More threads would need a page that is isolated from other origins; with WebGPU they have nothing to do.
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = 'error';
    const graph = new OnnxGraph();
    const x = graph.input('x', [4]);
    await (await session(graph, graph.node('Add', [x, x])[0], [4])).release();
  }

  async prepare(work: Work): Promise<Job> {
    const graph = new OnnxGraph();
    for (const [name, input] of Object.entries(work.inputs)) {
      if (ACTIVATIONS.includes(name)) graph.input(name, [1, ...input.shape]);
      else graph.constant(name, isLinear(work, name) ? transposed(input) : input);
    }
    const output = build(graph, work);
    const run = await session(graph, output, [1, ...work.shape]);
    const device = await ort.env.webgpu.device;
    const buffers: GPUBuffer[] = [];
    const feeds: Record<string, ort.Tensor> = {};
    for (const name of ACTIVATIONS.filter((one) => one in work.inputs)) {
      const { values, shape } = work.inputs[name];
      const buffer = upload(device, values);
      buffers.push(buffer);
      feeds[name] = ort.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims: [1, ...shape] });
    }
    let last: ort.Tensor | null = null;
    return {
      run: async () => {
        last?.dispose();
        last = (await run.run(feeds))[output];
      },
      done: () => device.queue.onSubmittedWorkDone(),
      read: async () => (await last!.getData()) as Float32Array,
      release: async () => {
        last?.dispose();
        for (const buffer of buffers) buffer.destroy();
        await run.release();
      },
    };
  }
}

function session(graph: OnnxGraph, output: string, shape: readonly number[]): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(graph.model(output, shape), {
    executionProviders: ['webgpu'],
    preferredOutputLocation: 'gpu-buffer',
    graphOptimizationLevel: 'all',
    // What the provider lacks must fail, not run on the processor unseen.
    extra: { session: { disable_cpu_ep_fallback: '1' } },
  });
}

function upload(device: GPUDevice, values: Input['values']): GPUBuffer {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size: Math.ceil(values.byteLength / 16) * 16, usage });
  device.queue.writeBuffer(buffer, 0, values);
  return buffer;
}

/** Adds the nodes of the work; returns the name of the result. */
function build(graph: OnnxGraph, { kind }: Work): string {
  switch (kind) {
    case 'matmul':
      return graph.node('MatMul', ['x', 'w'])[0];
    case 'attention':
      return attention(graph, ['q', 'k', 'v']);
    case 'layer_norm':
      return norm(graph, 'x', 'weight', 'bias');
    case 'block':
      return block(graph);
  }
}

function norm(graph: OnnxGraph, ...inputs: [x: string, weight: string, bias: string]): string {
  return graph.node('LayerNormalization', inputs, { axis: 2, epsilon: { float: EPSILON } })[0];
}

function attention(graph: OnnxGraph, inputs: readonly string[]): string {
  return graph.node('MultiHeadAttention', inputs, { num_heads: heads }, { domain: OWN })[0];
}

function block(graph: OnnxGraph): string {
  const linear = (x: string, name: string) =>
    graph.node('Add', [graph.node('MatMul', [x, `${name}_weight`])[0], `${name}_bias`])[0];
  const normed = (x: string, name: string) => norm(graph, x, `${name}_weight`, `${name}_bias`);
  const thirds = graph.integers('thirds', [width, width, width]);
  const parts = graph.node('Split', [linear(normed('x', 'ln_1'), 'qkv'), thirds], { axis: 2 }, { outputs: 3 });
  const middle = graph.node('Add', ['x', linear(attention(graph, parts), 'out')])[0];
  const hidden = linear(normed(middle, 'ln_2'), 'fc');
  const active = graph.node('QuickGelu', [hidden], { alpha: { float: 1.702 } }, { domain: OWN })[0];
  return graph.node('Add', [middle, linear(active, 'proj')])[0];
}
