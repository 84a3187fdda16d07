/** Makes a pipeline of each source of a JSON file with Dawn, which prints what it made of it: a child of `compilers.ts`. */
import { readFileSync } from 'node:fs';
import process from 'node:process';

const { create, globals } = (await import('webgpu')) as unknown as {
  create(options: string[]): GPU;
  globals: Record<string, unknown>;
};
Object.assign(globalThis, globals);
const gpu = create(['enable-dawn-features=dump_shaders']);
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('Dawn gave no adapter');
const device = await adapter.requestDevice({
  requiredFeatures: [...adapter.features].filter((name) => name === 'subgroups') as GPUFeatureName[],
  requiredLimits: { maxStorageBuffersPerShaderStage: adapter.limits.maxStorageBuffersPerShaderStage },
});
for (const code of JSON.parse(readFileSync(process.argv[2], 'utf8')) as string[]) {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const error = await device.popErrorScope();
  if (error) console.error(error.message);
}
process.exit(0);
