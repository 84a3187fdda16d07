import { arch, platform } from 'node:os';
import { FusionclipError } from '../base/errors.ts';
import { hasBundled } from './bundled.ts';
import { type Driver, lavapipeManifests, swiftshader, vulkan } from './drivers.ts';
import { hiding } from './hide.ts';
import { machineGpus, manifests, manifestsOf } from './machine.ts';

/** A GPU of this machine, or one of its software drivers: what `--adapter` numbers. */
export interface MachineAdapter {
  /** In words. */
  readonly name: string;
  /**
   * What shows a process this adapter and no other.
   * @throws FusionclipError `no_adapter` where nothing does
   */
  driver(): Driver;
}

/**
 * The adapters of this machine, GPUs first, by PCI address; WebGPU itself lists none. Empty where the system is not x86-64 Linux.
 * @param root where the file system begins
 */
export function machineAdapters(root = ''): MachineAdapter[] {
  if (platform() !== 'linux' || arch() !== 'x64') return [];
  const all = manifests(root);
  const gpus = machineGpus(root);
  const out = gpus.map((gpu): MachineAdapter => {
    const icds = manifestsOf(gpu, all);
    return {
      name: gpu.name,
      driver() {
        if (icds.length === 0) {
          throw new FusionclipError('no_adapter', `${gpu.name} has no Vulkan driver; install it.`);
        }
        const driver = vulkan('hardware', icds, gpu.name);
        const same = gpus.filter((other) => other !== gpu && other.maker === gpu.maker);
        // No variable tells two GPUs of one driver apart: DRI_PRIME of Mesa 22 shows the wrong one.
        return same.length === 0 ? driver : { ...driver, front: hiding(same.flatMap(({ nodes }) => nodes)) };
      },
    };
  });
  const lavapipe = lavapipeManifests(root);
  if (lavapipe.length > 0) {
    out.push({
      name: 'lavapipe (software)',
      driver: () => vulkan('lavapipe', lavapipe, 'lavapipe, as --adapter says'),
    });
  }
  if (hasBundled()) {
    out.push({ name: 'SwiftShader (software)', driver: () => swiftshader('SwiftShader, as --adapter says') });
  }
  return out;
}

/** The driver of an adapter that was asked for by its number. @throws FusionclipError `usage` where there is none of this number */
export function driverOfAdapter(number: string, root = ''): Driver {
  const adapters = machineAdapters(root);
  const one = /^\d+$/.test(number) ? adapters[Number(number)] : undefined;
  if (one) return one.driver();
  const list = adapters.map(({ name }, i) => `${i} ${name}`).join(', ');
  const there = list ? `there are ${list}` : 'adapters can be told apart on x86-64 Linux only; leave --adapter out';
  throw new FusionclipError('usage', `There is no adapter "${number}": ${there}.`);
}

/** {@link machineAdapters} for a list, each with the reason why it cannot be chosen. */
export function listAdapters(): { readonly name: string; readonly fault: string | null }[] {
  return machineAdapters().map(({ name, driver }) => {
    try {
      driver();
      return { name, fault: null };
    } catch (error) {
      return { name, fault: error instanceof Error ? error.message : String(error) };
    }
  });
}
