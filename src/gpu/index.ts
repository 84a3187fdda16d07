export * from './adapter.ts';
export * from './array.ts';
export * from './errors.ts';
export * from './gpu.ts';
export * from './memory.ts';
export * from './profiler.ts';
export * from './programs.ts';
export * from './shader.ts';
