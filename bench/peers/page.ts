/** `npm run bench:peers` in the Chrome page. */
import { describeAdapter } from '../../src/gpu/adapter.ts';
import { Gpu } from '../../src/gpu/gpu.ts';
import { createPageHost } from '../../src/host/chrome_page.ts';
import type { Host } from '../../src/host/host.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { compare, type PeerResult } from './compare.ts';
import { Fusionclip } from './fusionclip.ts';
import { JaxJs } from './jax_js.ts';
import { OnnxRuntime } from './onnxruntime.ts';
import type { PeerOptions, PeerReport } from './options.ts';
import type { Peer } from './peer.ts';
import { formatResult, formatSummary } from './table.ts';
import { Tfjs } from './tfjs.ts';
import { WORKS } from './work.ts';

async function run(host: Host, options: PeerOptions): Promise<number> {
  const { works, rounds, versions, driver, machine, json } = options;
  const say = (lines: readonly string[]) => host.stdout(`${lines.join('\n')}\n`);
  const gpu = await Gpu.create(await host.gpu());
  say([`${host.runtime} ${host.version}: ${describeAdapter(gpu.facts)}`]);
  const peers: Peer[] = [];
  const failed: Record<string, string> = {};
  const chosen = [new Tfjs(), new OnnxRuntime(), new JaxJs()].filter(({ name }) => options.peers.includes(name));
  for (const peer of [new Fusionclip(gpu), ...chosen]) {
    try {
      await peer.open();
      peers.push(peer);
      say([`${peer.name} ${versions[peer.name]}`]);
    } catch (error) {
      failed[peer.name] = error instanceof Error ? error.message : String(error);
      say([`${peer.name} ${versions[peer.name]} does not start here: ${failed[peer.name]}`]);
    }
  }
  const results: PeerResult[] = [];
  for (const name of works) {
    const result = await compare(peers, WORKS.get(name)!(), rounds);
    results.push(result);
    say(['', ...formatResult(result)]);
  }
  say(['', ...formatSummary(results)]);
  if (json) {
    const runtime = `${host.runtime} ${host.version}`;
    const report: PeerReport = {
      ...{ date: new Date().toISOString(), runtime, driver, machine, versions },
      ...{ adapter: gpu.facts, rounds, failed, results },
    };
    await host.writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
    say([`stored in ${json}`]);
  }
  gpu.destroy();
  return 0;
}

const host = await createPageHost();
await runProgram(host, () => run(host, JSON.parse(host.args[0]) as PeerOptions));
