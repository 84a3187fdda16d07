import { FusionclipError } from '../../src/base/errors.ts';
import type { Host } from '../../src/host/host.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function describe({ vendor, architecture, description }: GPUAdapterInfo): Record<string, string> {
  return { vendor, architecture, description };
}

/** Ways to end, well or badly, for launch.test.ts: what the launcher makes of them must not depend on the runtime. */
const ACTS: Record<string, (host: Host, rest: readonly string[]) => Promise<number>> = {
  async exit(host, [code, lines]) {
    for (let i = 0; i < Number(lines); i++) host.stdout(`line ${i} äöü 漢字 ${'x'.repeat(80)}\n`);
    host.stderr('last words\n');
    return Number(code);
  },
  async arguments(host, rest) {
    host.stdout(JSON.stringify({ runtime: host.runtime, rest, word: host.env('FUSIONCLIP_WORD') }));
    return 0;
  },
  async adapter(host) {
    const adapter = await (await host.gpu())?.requestAdapter();
    host.stdout(JSON.stringify(adapter ? describe(adapter.info) : null));
    return adapter ? 0 : 3;
  },
  async wait(host) {
    let asked = 0;
    const undo = host.onInterrupt(() => {
      asked++;
    });
    host.stdout('ready\n');
    while (asked === 0) await sleep(20);
    host.stdout(`asked ${asked}\n`);
    undo();
    return 130;
  },
  async deaf(host) {
    host.onInterrupt(() => host.stdout('told\n'));
    host.stdout('ready\n');
    await sleep(600_000);
    return 0;
  },
  async idle(host) {
    host.stdout('ready\n');
    await sleep(600_000);
    return 0;
  },
  async throws() {
    throw new Error('an ordinary error');
  },
  async fails() {
    throw new FusionclipError('bad_data', 'The data set has no images; choose another folder.');
  },
  async probe(host, rest) {
    host.stdout(`${JSON.stringify(await host.probe?.(rest))}\n`);
    return 0;
  },
  async writes(host, [path]) {
    // Ends in the middle of a file.
    const writer = await host.createWriter(path);
    await writer.write(new Uint8Array(100_000));
    return 5;
  },
};

/** Does the act that the first argument names. */
export async function acts(host: Host): Promise<number> {
  const [name, ...rest] = host.args;
  return ACTS[name](host, rest);
}
