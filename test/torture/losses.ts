import { ruleStream } from '../../src/base/rule.ts';
import type { Host } from '../../src/host/host.ts';
import { FragileGpu } from './fragile_gpu.ts';
import { difference, WORKS, workOn } from './works.ts';

/**
 * `MOMENTS SEED [WORK …]`: each work loses its device at seeded moments, in the middle of a call or of a wait. Writes a
 * JSON line for each moment: `{ work, where, problem }`.
 */
export async function losses(host: Host): Promise<number> {
  const [moments, seed, ...names] = host.args;
  const entry = await host.gpu();
  if (!entry) throw new Error('there is no WebGPU here');
  const fragile = new FragileGpu(entry);
  for (const work of WORKS) {
    if (names.length > 0 && !names.includes(work.name)) continue;
    const whole = await workOn(fragile, work, []);
    if (whole.error) throw whole.error;
    const random = ruleStream(`torture.${work.name}`, Number(seed));
    for (let i = 0; i < Number(moments); i++) {
      const kind = (['before', 'after'] as const)[i % 2];
      let call = Math.floor((random(i) / 2 ** 32) * whole.calls);
      let broken = await workOn(fragile, work, [{ call, kind }]);
      // How much goes into a submit goes by the machine's pace: this time there may have been fewer calls.
      while (call > 0 && broken.error === null && broken.devices < 2 && broken.calls <= call) {
        call = Math.floor(call / 2);
        broken = await workOn(fragile, work, [{ call, kind }]);
      }
      const problem =
        broken.error !== null
          ? `it ended with ${(broken.error as Error).stack ?? broken.error}`
          : (difference(work, broken.fs, whole.fs) ??
            (broken.devices !== 2 && kind === 'before' && 'no device was lost'));
      const where = `${kind} call ${call} of ${whole.calls}`;
      host.stdout(`${JSON.stringify({ work: work.name, where, problem: problem || null })}\n`);
    }
  }
  return 0;
}
