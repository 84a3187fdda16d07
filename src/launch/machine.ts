import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';

/** A GPU that has a device node. */
export interface MachineGpu {
  /** As drivers are told apart: its PCI vendor, e.g. `0x8086`, or `nvidia` under that firm's own driver. */
  readonly maker: string;
  /** PCI address, e.g. `0000:01:00.0`; null where the system does not say it. */
  readonly pci: string | null;
  /** Its device nodes. */
  readonly nodes: readonly string[];
  /** In words, e.g. `NVIDIA H200 at 0000:01:00.0`. */
  readonly name: string;
}

/** Manifests of drivers by the start of their names, and whose GPUs they drive: a distribution installs those of all. */
const DRIVEN_BY: readonly (readonly [RegExp, string])[] = [
  [/^nvidia/, 'nvidia'],
  [/^intel/, '0x8086'],
  [/^(radeon|amd)/, '0x1002'],
  [/^nouveau/, '0x10de'],
];

const MAKERS: Readonly<Record<string, string>> = { '0x8086': 'Intel', '0x1002': 'AMD', '0x10de': 'NVIDIA (nouveau)' };

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // no such folder: nothing there
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Manifests of Vulkan drivers, where its loader looks for them. @param root where the file system begins */
export function manifests(root = ''): string[] {
  const more = (process.env.XDG_DATA_DIRS ?? '').split(':').filter(Boolean);
  const roots = ['/etc', '/usr/local/etc', '/usr/local/share', '/usr/share', ...more];
  const folders = roots.map((folder) => join(root, folder, 'vulkan/icd.d'));
  const all = folders.flatMap((folder) => namesIn(folder).map((name) => join(folder, name)));
  return [...new Set(all.filter((path) => path.endsWith('.json')))];
}

/** Those of the manifests whose driver serves a GPU. */
export function manifestsOf({ maker }: MachineGpu, all: readonly string[]): string[] {
  return all.filter((path) => DRIVEN_BY.some(([form, whose]) => whose === maker && form.test(basename(path))));
}

/** GPUs that have a device node, by PCI address. @param root where the file system begins */
export function machineGpus(root = ''): MachineGpu[] {
  const cards = graphicsNodes(root);
  const nvidia = nvidiaGpus(root, cards);
  const own = [...cards].filter(([, { maker }]) => maker !== '0x10de' || nvidia.length === 0);
  const others = own.flatMap(([pci, { maker, nodes }]): MachineGpu[] => {
    if (!nodes.some((node) => basename(node).startsWith('renderD'))) return [];
    return [{ maker, pci, nodes, name: `${MAKERS[maker] ?? maker} GPU at ${pci}` }];
  });
  return [...nvidia, ...others].sort((a, b) => ((a.pci ?? '') < (b.pci ?? '') ? -1 : 1));
}

/** GPUs of NVIDIA's own driver, which has device nodes of its own; the others need not be there. */
function nvidiaGpus(root: string, cards: ReturnType<typeof graphicsNodes>): MachineGpu[] {
  const minors = namesIn(join(root, '/dev')).flatMap((name) => /^nvidia(\d+)$/.exec(name)?.[1] ?? []);
  const folder = join(root, '/proc/driver/nvidia/gpus');
  const known = namesIn(folder).map((pci) => ({ pci, text: textOf(join(folder, pci, 'information')) }));
  const gpus = minors.map((minor): MachineGpu => {
    const one = known.find(({ text }) => new RegExp(`Device Minor:\\s*${minor}$`, 'm').test(text));
    const model = /^Model:\s*(.+)$/m.exec(one?.text ?? '')?.[1] ?? 'NVIDIA GPU';
    const pci = one?.pci.toLowerCase() ?? null;
    const own = join(root, `/dev/nvidia${minor}`);
    const nodes = [own, ...((pci && cards.get(pci)?.nodes) || [])];
    return { maker: 'nvidia', pci, nodes, name: pci ? `${model} at ${pci}` : `${model} ${minor}` };
  });
  const control = join(root, '/dev/nvidiactl');
  if (gpus.length > 0 || !existsSync(control)) return gpus;
  return [{ maker: 'nvidia', pci: null, nodes: [], name: 'NVIDIA GPU' }];
}

/** Nodes of Linux' graphics drivers, by the PCI address of their GPU (or another name, where it is on no such bus). */
function graphicsNodes(root: string): Map<string, { readonly maker: string; readonly nodes: string[] }> {
  const out = new Map<string, { maker: string; nodes: string[] }>();
  for (const name of namesIn(join(root, '/dev/dri')).filter((one) => /^(card|renderD)\d+$/.test(one))) {
    const device = join(root, '/sys/class/drm', name, 'device');
    const maker = textOf(join(device, 'vendor'));
    if (!maker) continue;
    const at = basename(realPath(device));
    const gpu = out.get(at) ?? { maker, nodes: [] };
    out.set(at, gpu);
    gpu.nodes.push(join(root, '/dev/dri', name));
  }
  return out;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
