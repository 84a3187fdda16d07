import { FusionclipError } from '../base/errors.ts';

/**
 * What kind of machine stands behind an adapter; kernels choose their variant by it.
 * `hardware` is a GPU; the others run shaders on the CPU.
 */
export type AdapterClass = 'hardware' | 'lavapipe' | 'swiftshader' | 'software';

/** Facts about the adapter in use; printed at the start of every run and stored with it. */
export interface AdapterFacts {
  readonly class: AdapterClass;
  readonly software: boolean;
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** Optional features that some variant can use; requested when the adapter has them. */
const WANTED_FEATURES = ['timestamp-query', 'shader-f16', 'subgroups'] as const;

/** Limits that are requested at the adapter's own maximum in place of WebGPU's small defaults. */
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
] as const;

const RETRY_MS = 2000;

/**
 * Asks for an adapter, again for two seconds: a freshly started Chrome answers null at first.
 * @throws FusionclipError `no_adapter`
 */
export async function requestAdapter(entry: GPU): Promise<GPUAdapter> {
  const deadline = performance.now() + RETRY_MS;
  for (;;) {
    const adapter = await entry.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter) return adapter;
    if (performance.now() > deadline) {
      throw new FusionclipError(
        'no_adapter',
        'WebGPU gave no adapter; run `fusionclip doctor` to see what was tried and how to get one.',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A device with the adapter's real limits and the optional features that the kernels know. */
export async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits: Record<string, number> = {};
  for (const name of WANTED_LIMITS) {
    const value = adapter.limits[name];
    if (value !== undefined) requiredLimits[name] = value;
  }
  const requiredFeatures = WANTED_FEATURES.filter((name) => adapter.features.has(name)) as GPUFeatureName[];
  return adapter.requestDevice({ requiredLimits, requiredFeatures });
}

/** Reads the facts of an adapter; limits are those that a device from {@link requestDevice} has. */
export function adapterFacts(adapter: GPUAdapter, device: GPUDevice): AdapterFacts {
  const { vendor = '', architecture = '', device: model = '', description = '' } = adapter.info ?? {};
  const kind = classify(`${vendor} ${architecture} ${model} ${description}`, adapter);
  const limits: Record<string, number> = {};
  for (const name of [...WANTED_LIMITS, 'minStorageBufferOffsetAlignment'] as const) limits[name] = device.limits[name];
  return {
    class: kind,
    software: kind !== 'hardware',
    vendor,
    architecture,
    device: model,
    description,
    features: [...device.features].map(String).sort(),
    limits,
  };
}

function classify(text: string, adapter: GPUAdapter): AdapterClass {
  if (/llvmpipe|lavapipe/i.test(text)) return 'lavapipe';
  if (/swiftshader/i.test(text)) return 'swiftshader';
  if (/software|basic render|warp/i.test(text) || adapter.info?.isFallbackAdapter) return 'software';
  return 'hardware';
}

/** One line for people: name, class, optional features and the binding limit. */
export function describeAdapter(facts: AdapterFacts): string {
  const name = [facts.description || facts.device, facts.vendor, facts.architecture].filter(Boolean).join(' · ');
  const mebibytes = Math.round(facts.limits.maxStorageBufferBindingSize / 2 ** 20);
  const features = WANTED_FEATURES.filter((f) => facts.features.includes(f)).join(', ') || 'no optional features';
  return `${name || 'unnamed adapter'} (${facts.software ? `software, ${facts.class}` : 'hardware'}; ${features}; bindings up to ${mebibytes} MiB)`;
}
