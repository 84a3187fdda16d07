import { FusionclipError } from '../../base/errors.ts';
import { integer, type OptionTable, text } from '../../base/option.ts';
import type { Host } from '../../host/host.ts';
import { openPretraining } from '../../pretrain/index.ts';
import { serveTraining } from '../../train/index.ts';
import { type Command, exactly, flagValues, word } from '../command.ts';
import { GPU_FLAGS, withGpu } from '../session.ts';

const FLAGS = {
  listen: text('127.0.0.1', /^[\w.:-]+$/, 'HOST', 'the address to listen at; 0.0.0.0: at all'),
  port: integer(7466, [1, 65_535], 'to listen at'),
  certificate: word('FILE', 'for TLS, in PEM; the training then names wss://HOST:PORT'),
  key: word('FILE', 'the key of the certificate, in PEM'),
  data: word('DIR', 'where the data set lies for this worker; default: as in the training'),
  model: word('PATH', 'where CLIP lies for this worker; default: as in the training'),
} satisfies OptionTable;

/** `fusionclip train worker` */
export const trainWorker: Command = {
  name: ['train', 'worker'],
  summary: 'computes gradients for trainings elsewhere (train|pretrain --workers), one after the other',
  usage: '--listen HOST --port PORT',
  examples: [
    'fusionclip train worker --listen 0.0.0.0 --port 7466',
    'fusionclip train worker --listen 0.0.0.0 --certificate cert.pem --key key.pem --data /data/Brain',
  ],
  details: `Needs the same data set and model as the training; the support images (of a pre-training: the captions) are
compared. Both sides need the same FUSIONCLIP_SECRET, which is never sent; without a certificate what they send is not
encrypted. FUSIONCLIP_SECRET_CA names, for the training, a file of authorities. Any number of workers gives the same
bits.`,
  flags: [{ title: 'Worker', table: { ...FLAGS, ...GPU_FLAGS } }],
  async run(call) {
    exactly(0, call, 'fusionclip train worker --listen HOST --port PORT');
    const { host } = call;
    const { listen: address, port, certificate, key, data, model } = flagValues(FLAGS, call);
    if ((certificate === null) !== (key === null)) {
      throw new FusionclipError('usage', '--certificate and --key go together; give both.');
    }
    if (!host.listen) throw new FusionclipError('usage', 'A worker needs Deno or Node; choose one with --runtime.');
    const tls = certificate !== null && key !== null ? { certificate, key } : null;
    const listener = await host.listen({ host: address, port, secret: secretOf(host), tls });
    try {
      await withGpu(call, async (session) => {
        const { reporter, signal } = session;
        await new Promise<void>((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          listener.serve(async (link) => {
            reporter.say(`fusionclip: works for ${link.name}`);
            try {
              const pairs = (what: unknown) => openPretraining(session, what, data);
              await serveTraining(session, link, { data, model }, pairs);
              reporter.say(`fusionclip: ${link.name} is done`);
            } catch (error) {
              reporter.say(`fusionclip: ${error instanceof Error ? error.message : String(error)}`);
              if (error instanceof FusionclipError && error.code === 'device_lost') reject(error);
            }
          });
          reporter.say(`fusionclip: listens at ${address}:${listener.port}`);
        });
      });
    } finally {
      listener.close();
    }
    return 0;
  },
};

/** What workers and trainings know of each other. @throws FusionclipError `usage` where it is not set */
export function secretOf(host: Host): string {
  const secret = host.env('FUSIONCLIP_SECRET');
  if (secret) return secret;
  throw new FusionclipError('usage', 'FUSIONCLIP_SECRET is not set; give training and workers the same one.');
}
