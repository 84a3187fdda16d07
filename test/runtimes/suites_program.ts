import type { Host } from '../../src/host/host.ts';
import { listedCases, registeredCases } from '../harness/registry.ts';
import { runCases } from '../harness/run_cases.ts';
import '../suites.ts';
import { DEALT, FILTER, FIXTURES, HALF, LIST, MARK } from './marks.ts';

/** Runs the registered cases that the filter lets through, with a marked JSON line at each one's start and end. */
export async function suites(host: Host): Promise<number> {
  if (host.env(LIST)) {
    host.stdout(JSON.stringify(listedCases()));
    return 0;
  }
  const filter = host.env(FILTER) ?? '';
  const line = (value: unknown): void => host.stdout(`\n${MARK}${JSON.stringify(value)}\n`);
  const failed = await runCases(
    host,
    registeredCases(host.runtime, host.env(DEALT) === '1', host.env(HALF) || null).filter((one) =>
      one.name.includes(filter),
    ),
    {
      fixtures: host.env(FIXTURES) ?? 'test',
      started: (name) => line({ started: name }),
      finished: line,
    },
  );
  return failed ? 1 : 0;
}
