import { FusionclipError } from '../../base/errors.ts';
import type { Link } from '../../base/link.ts';
import { integer, type OptionTable, text } from '../../base/option.ts';
import type { Host } from '../../host/host.ts';
import { openPretraining } from '../../pretrain/index.ts';
import { serveTraining } from '../../train/index.ts';
import { type Command, exactly, flagValues, word } from '../command.ts';
import { GPU_FLAGS, type Session, withGpu } from '../session.ts';
import { secretOf } from '../team.ts';

const FLAGS = {
  listen: text('127.0.0.1', /^[\w.:-]+$/, 'HOST', 'the address to listen at; 0.0.0.0: at all'),
  port: integer(7466, [1, 65_535], 'to listen at'),
  certificate: word('FILE', 'for TLS, in PEM; the training then names wss://HOST:PORT'),
  key: word('FILE', 'the key of the certificate, in PEM'),
  join: word('HOST:PORT', 'a training with --workers join:HOST:PORT, in place of listening; the one way for a page'),
  data: word('DIR', 'where the data set lies for this worker; default: as in the training'),
  model: word('PATH', 'where CLIP lies for this worker; default: as in the training'),
} satisfies OptionTable;

/** Milliseconds between two tries to join a training that is not there yet. */
const PAUSE = 2000;

/** `fusionclip train worker` */
export const trainWorker: Command = {
  name: ['train', 'worker'],
  summary: 'computes gradients for trainings elsewhere (train|pretrain --workers), one after the other',
  usage: '--listen HOST --port PORT',
  examples: [
    'fusionclip train worker --listen 0.0.0.0 --certificate cert.pem --key key.pem --data /data/Brain',
    'fusionclip train worker --join trainer:7466 --runtime chrome',
  ],
  details: `Needs the same data set and model as the training; the support images (of a pre-training: the captions) are
compared. Both sides need the same FUSIONCLIP_SECRET, which is never sent; without a certificate what they send is not
encrypted. FUSIONCLIP_SECRET_CA names, for who connects, a file of authorities (a page has its browser's);
FUSIONCLIP_SECRET_CERTIFICATE and FUSIONCLIP_SECRET_KEY, for a training that is joined, what --certificate and --key are
for a worker. Any number of workers gives the same bits.`,
  flags: [{ title: 'Worker', table: { ...FLAGS, ...GPU_FLAGS } }],
  async run(call) {
    exactly(0, call, 'fusionclip train worker --listen HOST --port PORT');
    const { host, flags } = call;
    const { listen: address, port, certificate, key, join, data, model } = flagValues(FLAGS, call);
    if ((certificate === null) !== (key === null)) {
      throw new FusionclipError('usage', '--certificate and --key go together; give both.');
    }
    const listening = ['listen', 'port', 'certificate'].find((name) => name in flags);
    if (join !== null && listening) {
      throw new FusionclipError('usage', `--${listening} is for a worker that listens; leave it out with --join.`);
    }
    const secret = secretOf(host);
    const serveOn = (session: Session) => async (link: Link) => {
      const { reporter } = session;
      reporter.say(`fusionclip: works for ${link.name}`);
      try {
        await serveTraining(session, link, { data, model }, (what: unknown) => openPretraining(session, what, data));
        reporter.say(`fusionclip: ${link.name} is done`);
      } catch (error) {
        reporter.say(`fusionclip: ${error instanceof Error ? error.message : String(error)}`);
        if (error instanceof FusionclipError && error.code === 'device_lost') throw error;
      }
    };
    if (join !== null) {
      await withGpu(call, (session) => joinTrainings(host, session, { join, secret }, serveOn(session)));
      return 0;
    }
    if (!host.listen) {
      throw new FusionclipError('usage', 'A page cannot listen; give --join, or choose Deno or Node with --runtime.');
    }
    const tls = certificate !== null && key !== null ? { certificate, key } : null;
    const listener = await host.listen({ host: address, port, secret, tls });
    try {
      await withGpu(call, async (session) => {
        const { reporter, signal } = session;
        const serve = serveOn(session);
        await new Promise<void>((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          listener.serve((link) => serve(link).catch(reject));
          reporter.say(`fusionclip: listens at ${address}:${listener.port}`);
        });
      });
    } finally {
      listener.close();
    }
    return 0;
  },
};

/** Works for one training after the other at an address, until it is interrupted. @throws FusionclipError its reason; `usage` as `dial` */
async function joinTrainings(
  { dial, env }: Host,
  { reporter, signal }: Session,
  { join, secret }: { join: string; secret: string },
  serve: (link: Link) => Promise<void>,
): Promise<void> {
  if (!dial) throw new FusionclipError('usage', '--join needs a process or its page; choose one with --runtime.');
  const over = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const work = async (): Promise<never> => {
    for (let isSaid = false; ; ) {
      try {
        const link = await dial(join, secret, env('FUSIONCLIP_SECRET_CA') ?? null);
        await serve(link);
        isSaid = false;
      } catch (error) {
        if (!(error instanceof FusionclipError) || error.code !== 'io') throw error;
        if (!isSaid) reporter.say(`fusionclip: waits for a training at ${join}`);
        isSaid = true;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  };
  await Promise.race([over, work()]);
}
