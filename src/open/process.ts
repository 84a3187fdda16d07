import { FusionclipError } from '../base/errors.ts';
import { joinPath } from '../base/paths.ts';
import { type DeviceGpu, Gpu } from '../gpu/gpu.ts';
import { createNodeHost } from '../host/node.ts';
import { useDriver } from '../launch/own_process.ts';
import { Fusionclip, type OpenOptions } from './fusionclip.ts';
import { withGiven } from './given.ts';
import { packageAddress } from './package_address.ts';

/**
 * Opens the GPU of this process, in Node or in Deno: finds a Vulkan driver, or the software one that is installed, an adapter, and
 * the model that comes with the package. Variables of the environment that Vulkan reads are set in this process.
 * @throws FusionclipError `no_adapter` with what has to be installed; `usage` for an unknown driver
 */
export async function open(options: OpenOptions = {}): Promise<Fusionclip> {
  const { driver, models, profile, onEvent } = options;
  const host = createNodeHost({ args: [] });
  const runtime = host.runtime as 'deno' | 'node';
  const { note } = useDriver(runtime, driver);
  const ownModels = models ?? host.ownModels ?? joinPath(fileOf(packageAddress(import.meta.url)), 'models');
  const openGpu = async () => openDevice(await host.gpu(), runtime, note, profile);
  const files = withGiven({ ...host, ownModels });
  const environment = { runtime, version: host.version };
  return new Fusionclip({ files, gpu: await openGpu(), openGpu, environment, onEvent });
}

/** @param note which driver was found */
async function openDevice(
  entry: GPU | null,
  runtime: 'deno' | 'node',
  note: string,
  profile = false,
): Promise<DeviceGpu> {
  if (!entry && runtime === 'node') {
    throw new FusionclipError(
      'no_adapter',
      'Node has WebGPU by npm\'s "webgpu", which is not installed: npm install webgpu.',
    );
  }
  try {
    return await Gpu.create(entry, { profile });
  } catch (error) {
    if (!(error instanceof FusionclipError) || error.code !== 'no_adapter') throw error;
    throw new FusionclipError(
      'no_adapter',
      `WebGPU gave no adapter (${note}); "npm install @sparticuz/chromium" brings a software driver for x86-64 Linux, and npx fusionclip doctor says what else helps.`,
      { cause: error },
    );
  }
}

/** The path of a file: address. */
function fileOf(address: string): string {
  const path = decodeURIComponent(new URL(address).pathname);
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
}
