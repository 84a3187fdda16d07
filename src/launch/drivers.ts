import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { FusionclipError } from '../base/errors.ts';
import { bundledSwiftShader, hasBundled } from './bundled.ts';
import { machineGpus, manifests, manifestsOf } from './machine.ts';

/** The Vulkan drivers to choose from; `auto` is the best one that the runtime takes. */
export const DRIVER_CHOICES = ['auto', 'hardware', 'lavapipe', 'swiftshader'] as const;
/** One of {@link DRIVER_CHOICES}. */
export type DriverChoice = (typeof DRIVER_CHOICES)[number];

/** A driver for a child process. */
export interface Driver {
  /** `system` where the operating system has its own ways (macOS, Windows, other architectures). */
  readonly name: 'hardware' | 'lavapipe' | 'swiftshader' | 'system';
  /** Environment variables to add to the child's; they count only when set before the process starts. */
  readonly env: Readonly<Record<string, string>>;
  /** Program and arguments that stand before the child's own, where they are needed to keep other GPUs from it. */
  readonly front?: readonly string[];
  /** One line that says what was chosen and why. */
  readonly note: string;
}

/** Manifests whose GPU is really there. */
function hardwareManifests(): string[] {
  const all = manifests();
  return [...new Set(machineGpus().flatMap((gpu) => manifestsOf(gpu, all)))];
}

/** Whether the system has a Vulkan loader of its own. */
function systemLoader(): boolean {
  const folders = [
    '/usr/lib/x86_64-linux-gnu',
    '/lib/x86_64-linux-gnu',
    '/usr/lib64',
    '/lib64',
    '/usr/lib',
    '/usr/local/lib',
  ];
  const more = (process.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean);
  return [...more, ...folders].some((folder) => existsSync(join(folder, 'libvulkan.so.1')));
}

function withLibraries(folder: string): Record<string, string> {
  const old = process.env.LD_LIBRARY_PATH;
  return { LD_LIBRARY_PATH: old ? `${folder}:${old}` : folder };
}

/** What every Vulkan process gets: no silent fallback to OpenGL in Deno, and a folder that Mesa insists on. */
function common(): Record<string, string> {
  const env: Record<string, string> = { DENO_WEBGPU_BACKEND: process.env.DENO_WEBGPU_BACKEND ?? 'vulkan' };
  if (!process.env.XDG_RUNTIME_DIR) env.XDG_RUNTIME_DIR = runtimeFolder();
  return env;
}

let madeRuntimeFolder: string | undefined;

/** XDG_RUNTIME_DIR where there is none: nothing is ever put into it, so `/run/user/…` or the temporary folder serves. */
function runtimeFolder(): string {
  if (madeRuntimeFolder) return madeRuntimeFolder;
  const usual = `/run/user/${process.getuid?.() ?? 0}`;
  madeRuntimeFolder = existsSync(usual) ? usual : tmpdir();
  return madeRuntimeFolder;
}

/** A driver of some manifests. */
export function vulkan(name: Driver['name'], icds: readonly string[], note: string): Driver {
  const list = icds.join(':');
  // Both names: old loaders know only the first.
  const env: Record<string, string> = { ...common(), VK_ICD_FILENAMES: list, VK_DRIVER_FILES: list };
  if (!systemLoader() && hasBundled()) Object.assign(env, withLibraries(bundledSwiftShader().loader));
  return { name, env, note };
}

/** The software driver of npm's Chromium. @throws FusionclipError `no_adapter` where it is not installed */
export function swiftshader(note: string): Driver {
  const { icd, loader } = bundledSwiftShader();
  const env = {
    ...common(),
    VK_ICD_FILENAMES: icd,
    VK_DRIVER_FILES: icd,
    ...(systemLoader() ? {} : withLibraries(loader)),
  };
  return { name: 'swiftshader', env, note };
}

/** Manifests of Mesa's software driver. */
export function lavapipeManifests(root = ''): string[] {
  return manifests(root).filter((path) => /\/lvp_icd/.test(path));
}

/** Variables by which a user chooses a driver; the first one counts where both are set. */
const OWN_CHOICE = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'] as const;

/** Says which driver a variable names; the loader itself passes over what is not there without a word. */
function ownDriver(variable: (typeof OWN_CHOICE)[number]): string {
  const faults = process.env[variable]!.split(':').flatMap((path) => {
    const fault = path ? manifestFault(path) : null;
    return fault ? [`${path} ${fault}`] : [];
  });
  return `the Vulkan driver that ${variable} names${faults.length > 0 ? `, though ${faults[0]}` : ''}`;
}

/** Why the loader finds no driver at a path: it takes a manifest, or a folder of some. Null when it does. */
function manifestFault(path: string): string | null {
  try {
    if (statSync(path).isDirectory()) {
      return readdirSync(path).some((name) => name.endsWith('.json')) ? null : 'is a folder without a manifest (.json)';
    }
    accessSync(path, constants.R_OK);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : 'may not be read';
  }
}

function readChoice(choice: string | undefined): DriverChoice {
  const name = choice || process.env.FUSIONCLIP_DRIVER || 'auto';
  if ((DRIVER_CHOICES as readonly string[]).includes(name)) return name as DriverChoice;
  throw new FusionclipError('usage', `There is no driver "${name}"; choose one of ${DRIVER_CHOICES.join(', ')}.`);
}

/**
 * Finds a Vulkan driver for a runtime. `choice` (else the variable `FUSIONCLIP_DRIVER`) forces one of them.
 * Throws `usage` for an unknown choice and `no_adapter` when the forced one is not there.
 */
export function findDriver(runtime: 'deno' | 'node' | 'chrome', choice?: string): Driver {
  const wanted = readChoice(choice);
  const automatic = wanted === 'auto';
  if (platform() !== 'linux' || arch() !== 'x64') {
    if (automatic || wanted === 'hardware') return { name: 'system', env: {}, note: `${platform()}'s own GPU driver` };
    throw new FusionclipError('no_adapter', `The driver ${wanted} is found on x86-64 Linux only; leave --driver out.`);
  }
  const own = automatic && OWN_CHOICE.find((name) => process.env[name]);
  if (own) return { name: 'system', env: common(), note: ownDriver(own) };
  const hardware = automatic || wanted === 'hardware' ? hardwareManifests() : [];
  if (hardware.length) return vulkan('hardware', hardware, 'hardware Vulkan driver');
  if (wanted === 'hardware') {
    throw new FusionclipError(
      'no_adapter',
      'No GPU with a Vulkan driver was found; install one, or leave --driver out.',
    );
  }
  const lavapipe = lavapipeManifests();
  const software = hasBundled();
  if (wanted === 'lavapipe' && lavapipe.length === 0) {
    throw new FusionclipError(
      'no_adapter',
      'lavapipe was not found; on Debian "apt-get install mesa-vulkan-drivers libvulkan1" gets it.',
    );
  }
  // Dawn refuses Mesa 22's lavapipe, so Node takes it only when told to, or when there is nothing else.
  const suits = wanted === 'lavapipe' || (automatic && (runtime === 'deno' || !software));
  if (suits && lavapipe.length) return vulkan('lavapipe', lavapipe, "Mesa's software Vulkan driver (lavapipe)");
  // Much can be done without a GPU (`--help`, `metrics`), so this is no error before one is asked for.
  if (automatic && !software) return { name: 'system', env: common(), note: 'no Vulkan driver was found' };
  return swiftshader('bundled software Vulkan driver (SwiftShader)');
}
