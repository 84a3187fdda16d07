/** The worker's start: everything that computes runs here, so that the page stays responsive. */
import { FusionclipError } from '../../src/base/errors.ts';
import type { Failure, Reply, Request } from '../protocol.ts';
import { pageMessage } from './advice.ts';
import { Workbench } from './workbench.ts';

const reply = (message: Reply): void => postMessage(message);
const workbench = new Workbench((event) => reply({ event }));

addEventListener('message', async ({ data }: MessageEvent<Request>) => {
  const { id, call, args } = data;
  try {
    const run = workbench[call] as (...given: unknown[]) => Promise<unknown>;
    reply({ id, result: await run.apply(workbench, [...args]) });
  } catch (error) {
    reply({ id, failure: failureOf(error) });
  }
});

function failureOf(error: unknown): Failure {
  if (error instanceof FusionclipError) return { code: error.code, message: pageMessage(error) };
  return { code: null, message: error instanceof Error ? error.message : String(error) };
}
