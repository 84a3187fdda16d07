import type { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { type BinaryKind, binaryWith } from '../../src/kernels/binary.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { twoVariants } from '../single.ts';

/** The residual stream of ViT-L for two images of 240 px, with another, with a bias, and with a number a row. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 580, 1024);
  const both = (name: string, kind: BinaryKind, other: GpuArray, bytes: number) =>
    twoVariants(
      name,
      x.size,
      bytes * x.size,
      () => binaryWith('any', kind, x, other),
      () => binaryWith(other.width === 1 ? 'any' : 'vec4', kind, x, other),
    );
  yield both('add', 'add', filled(gpu, 580, 1024), 12);
  yield both('add [1024]', 'add', filled(gpu, 1024), 8);
  yield both('mul', 'mul', filled(gpu, 580, 1024), 12);
  yield both('div [580, 1]', 'div', filled(gpu, 580, 1), 8);
}

bench('binary', cases);
