import { FusionclipError } from '../../base/errors.ts';
import { type OptionTable, toggle } from '../../base/option.ts';
import { type AdapterFacts, describeAdapter } from '../../gpu/adapter.ts';
import { GpuArray } from '../../gpu/array.ts';
import { type DeviceGpu, Gpu } from '../../gpu/gpu.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import type { Host, RuntimeReport } from '../../host/host.ts';
import { INSTALL } from '../../host/own_models.ts';
import { matmul } from '../../kernels/matmul.ts';
import { type Command, exactly, flagValues } from '../command.ts';

const FLAGS = {
  json: toggle(false, 'the report as JSON'),
  here: toggle(false, 'look at this runtime only'),
} satisfies OptionTable;

/** What a runtime says of itself: the last line of `doctor --here --json`. */
export interface Diagnosis {
  readonly runtime: string;
  readonly version: string;
  /** Who implements WebGPU, and on what. */
  readonly backend: string;
  /** The driver that the launcher chose, or null. */
  readonly driver: string | null;
  readonly adapter: AdapterFacts | null;
  /** The adapter in one line. */
  readonly summary: string | null;
  /** Whether a kernel gave the right numbers. */
  readonly check: { readonly ok: boolean; readonly detail: string };
}

/** `fusionclip doctor` */
export const doctor: Command = {
  name: ['doctor'],
  summary: 'every runtime with its adapter, and whether a kernel gives the right numbers there',
  usage: '',
  examples: ['fusionclip doctor', 'fusionclip doctor --json'],
  details: `Lists the adapters of the machine, too, as --adapter numbers them; "fusionclip doctor --adapter N" tries one.
Exit code ${EXIT_CODES.no_adapter} when no runtime has a usable adapter; the text then says what mends it.`,
  flags: [{ title: 'Report', table: FLAGS }],
  async run(call) {
    const { host } = call;
    exactly(0, call, 'fusionclip doctor');
    const { json, here } = flagValues(FLAGS, call);
    if (here || !host.probe || host.env('FUSIONCLIP_ADAPTER')) {
      const diagnosis = await diagnose(host);
      host.stdout(json ? `${JSON.stringify(diagnosis)}\n` : lines(diagnosis));
      return diagnosis.check.ok ? 0 : EXIT_CODES.no_adapter;
    }
    const reports = await host.probe(['doctor', '--here', '--json']);
    const usable = reports.filter(isUsable).map(({ name }) => name);
    const adapters = host.adapters?.() ?? [];
    if (json) host.stdout(`${JSON.stringify({ usable, runtimes: reports, adapters }, null, 2)}\n`);
    else {
      for (const report of reports) host.stdout(reportText(report));
      if (adapters.length > 0) host.stdout('--adapter, for deno and node:\n');
      for (const [i, { name, fault }] of adapters.entries())
        host.stdout(`  ${i} ${name}${fault ? `: ${fault}` : ''}\n`);
    }
    if (usable.length > 0) return 0;
    host.stderr(`fusionclip: no runtime has a usable WebGPU adapter.\n${remedies(reports, host)}`);
    return EXIT_CODES.no_adapter;
  },
};

/** Opens this runtime's adapter and multiplies two matrices on it. Never throws. */
export async function diagnose(host: Host): Promise<Diagnosis> {
  const base = {
    runtime: host.runtime,
    version: host.version,
    backend: backendOf(host),
    driver: host.env('FUSIONCLIP_DRIVER_NOTE') ?? null,
  };
  let gpu: DeviceGpu | null = null;
  try {
    gpu = await Gpu.create(await host.gpu());
    const { facts } = gpu;
    return { ...base, adapter: facts, summary: describeAdapter(facts), check: await checkKernel(gpu) };
  } catch (error) {
    const none = error instanceof FusionclipError && error.code === 'no_adapter';
    const detail = none ? 'WebGPU gives no adapter here' : error instanceof Error ? error.message : String(error);
    return { ...base, adapter: gpu?.facts ?? null, summary: null, check: { ok: false, detail } };
  } finally {
    await gpu?.destroy();
  }
}

/** A product of odd shape with small whole numbers, which float32 gives exactly. */
async function checkKernel(gpu: Gpu): Promise<Diagnosis['check']> {
  const [m, k, n] = [37, 29, 53];
  const a = Float32Array.from({ length: m * k }, (_, i) => ((i * 7) % 11) - 5);
  const b = Float32Array.from({ length: k * n }, (_, i) => ((i * 5) % 13) - 6);
  using job = gpu.job();
  const start = performance.now();
  const c = await job.do(() => matmul(GpuArray.from(gpu, a, [m, k]), GpuArray.from(gpu, b, [k, n])).read());
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let t = 0; t < k; t++) sum += a[i * k + t] * b[t * n + j];
      if (c[i * n + j] !== sum) {
        return { ok: false, detail: `a matrix product is wrong: ${c[i * n + j]} in place of ${sum} at (${i}, ${j})` };
      }
    }
  }
  return { ok: true, detail: `matrix product right, ${Math.round(performance.now() - start)} ms with compilation` };
}

function backendOf({ runtime, env }: Host): string {
  if (runtime === 'deno') return `wgpu (${env('DENO_WEBGPU_BACKEND') ?? 'its own choice'})`;
  return runtime === 'node' ? 'Dawn' : "Dawn, Chrome's";
}

function isUsable({ answer }: RuntimeReport): boolean {
  return (answer as Diagnosis | null)?.check?.ok === true;
}

function reportText({ name, found, path, version, answer, error }: RuntimeReport): string {
  if (!found) return `${name}: not found; ${error ?? 'install it'}\n`;
  const at = [version, path].filter(Boolean).join(', ');
  if (!answer) return `${name} (${at}): does not answer; ${error}\n`;
  return `${name} (${at})\n${lines(answer as Diagnosis)}`;
}

function lines({ runtime, version, backend, driver, adapter, summary, check }: Diagnosis): string {
  const limits = adapter
    ? Object.entries(adapter.limits)
        .map(([limit, value]) => `${limit} ${value}`)
        .join(', ')
    : '';
  return [
    `  ${check.ok ? 'works' : 'DOES NOT WORK'}: ${check.detail}`,
    `  runtime ${runtime} ${version}, WebGPU by ${backend}${driver ? `; ${driver}` : ''}`,
    ...(summary ? [`  adapter ${summary}`] : []),
    ...(adapter ? [`  features ${adapter.features.join(', ') || 'none'}`, `  limits ${limits}`] : []),
    '',
  ].join('\n');
}

/** What was tried and the commands that help, in the order in which they are worth trying. */
function remedies(reports: readonly RuntimeReport[], { env }: Host): string {
  const tried = reports.map(({ name, error, answer }) => {
    const said = (answer as Diagnosis | null)?.check?.detail;
    return `  tried ${name}: ${said ?? error ?? 'no answer'}\n`;
  });
  const command = env(INSTALL);
  const install = command
    ? `${command} deno webgpu @sparticuz/chromium puppeteer-core
              (Deno, Dawn for Node, a Chromium with a software adapter for x86-64 Linux, and what drives it)`
    : 'npm ci (brings Deno, Dawn and a Chromium with a software adapter)';
  return `${tried.join('')}  what helps: ${install}
              apt-get install mesa-vulkan-drivers libvulkan1 (lavapipe, a faster software adapter)
              a GPU with its Vulkan driver: then vulkaninfo --summary lists it
`;
}
