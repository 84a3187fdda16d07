/** The worker's start: everything that computes runs here, so that the page stays responsive. */
import { FusionclipError } from '../../src/base/errors.ts';
import type { Failure, Reply, Request } from '../protocol/messages.ts';
import { pageMessage } from './advice.ts';
import { DECODER, serveDecoder } from './decoder_workers.ts';
import { Workbench } from './workbench.ts';

// A worker's script is its workers' script, too: no page has to know the address of another one.
if (self.name === DECODER) serveDecoder();
else serveWorkbench();

function serveWorkbench(): void {
  const reply = (message: Reply): void => postMessage(message);
  const opened = Workbench.open((event) => reply({ event }));

  addEventListener('message', async ({ data }: MessageEvent<Request>) => {
    const { id, call, args } = data;
    const workbench = await opened;
    try {
      const run = workbench[call] as (...given: unknown[]) => Promise<unknown>;
      reply({ id, result: await run.apply(workbench, [...args]) });
    } catch (error) {
      reply({ id, failure: failureOf(error, workbench.resumable) });
    }
  });

  reply({ ready: true });
}

/** Another build has taken the place of this one, or the server is gone before its files were kept. */
const UNLOADED =
  'A part of this page could not be loaded: its server is gone, or has a newer page. Load the page again; what was kept is there.';

function failureOf(error: unknown, resumable: boolean): Failure {
  if (error instanceof FusionclipError) {
    const { code, leave, accept, volumes } = error;
    return { code, message: pageMessage(error), resumable, leave, accept, volumes };
  }
  const text = error instanceof Error ? error.message : String(error);
  return {
    code: null,
    message: /dynamically imported module|importing a module script/i.test(text) ? UNLOADED : text,
    resumable,
    leave: [],
    accept: [],
    volumes: 0,
  };
}
