import { FusionclipError } from '../../base/errors.ts';
import { list, type OptionTable, optional, text, toggle } from '../../base/option.ts';
import { joinPath } from '../../base/paths.ts';
import { type PullEvents, parseHubName, pullFile, pullFolder, pullModel, webOf } from '../../hub/index.ts';
import { pullOffline } from '../../hub/pull.ts';
import { byteText, type Call, type Command, exactly, flagValues, word } from '../command.ts';
import { Reporter } from '../reporter.ts';
import { interruptSignal } from '../session.ts';

const FLAGS = {
  revision: word('NAME', 'branch, tag or commit; default: main'),
  files: {
    ...list(text('', /\S/, 'FILE', ''), [], 'files to fetch; default: what a CLIP model needs'),
    form: 'FILE,…',
  },
  offline: toggle(false, 'only say where the model lies; nothing is asked of the network'),
  cache: word('DIR', 'folder of the cache; default: HF_HUB_CACHE, HF_HOME/hub, or ~/.cache/huggingface/hub'),
  out: word('PATH', 'file that a URL goes to, or folder that a model goes to in place of the cache'),
  sha256: {
    ...optional(text('', /^[0-9a-fA-F]{64}$/, 'HEX', ''), 'hash that the file of a URL must have'),
    form: 'HEX',
  },
  json: toggle(false, 'result as JSON'),
} satisfies OptionTable;

const USAGE = 'fusionclip model pull ORG/NAME|URL';

/** `fusionclip model pull` */
export const modelPull: Command = {
  name: ['model', 'pull'],
  summary: 'fetches a model of a hub, or the file at an address',
  usage: 'ORG/NAME[@REVISION]|URL',
  examples: [
    'fusionclip model pull openai/clip-vit-large-patch14',
    'fusionclip model pull https://example.org/clip.safetensors --out models/clip.safetensors',
  ],
  details: `A model goes to the cache of Hugging Face's Python tools, and --model ORG/NAME finds it there. HF_ENDPOINT names
another hub, HF_TOKEN a token, HF_HUB_OFFLINE=1 stands for --offline. The same command goes on
with a download that broke. --out lays the files of a model into a folder without a cache, to be carried elsewhere.`,
  flags: [{ title: 'Download', table: FLAGS }],
  async run(call) {
    const { host } = call;
    exactly(1, call, USAGE);
    const reporter = new Reporter(host);
    const sentence = 'Interrupted; the same command goes on with what has come so far.';
    const { signal, undo } = interruptSignal(host, reporter, sentence);
    const events: PullEvents = {
      signal,
      onPlan(files, missing) {
        for (const { name, size } of files) reporter.say(`fusionclip: ${name}, ${byteText(size)}`);
        const total = files.reduce((sum, { size }) => sum + size, 0);
        reporter.say(`fusionclip: ${byteText(total)}, of which ${byteText(missing)} are to be fetched`);
      },
      onProgress(done, total) {
        if (host.isTerminal) reporter.listen({ type: 'stage', what: 'MiB', done: mebi(done), total: mebi(total) });
      },
    };
    try {
      return await pull(call, events, reporter);
    } finally {
      reporter.clear();
      undo();
    }
  },
};

async function pull(call: Call, events: PullEvents, reporter: Reporter): Promise<number> {
  const { host } = call;
  const values = flagValues(FLAGS, call);
  const web = webOf(host.env, { say: (text) => reporter.say(`fusionclip: ${text}`) });
  const [name] = call.positional;
  const offline = values.offline || /^(1|true|yes|on)$/i.test(host.env('HF_HUB_OFFLINE') ?? '');
  const hub = parseHubName(name, web.endpoint);
  if (hub) {
    if (values.sha256 !== null) {
      throw new FusionclipError('usage', '--sha256 belongs to a URL; a model has its own hashes.');
    }
    if (values.out !== null && (values.cache !== null || offline)) {
      throw new FusionclipError('usage', '--cache and --offline belong to the cache; leave them or --out out.');
    }
    const id = { ...hub.id, revision: values.revision ?? hub.id.revision };
    const files = hub.file ? [hub.file] : values.files;
    const fetched = () => {
      if (values.out !== null) return pullFolder(host, web, values.out, id, files, events);
      const cache = values.cache ?? host.modelCache;
      if (!cache)
        throw new FusionclipError('usage', 'There is no home folder for the cache; name a folder with --cache.');
      return offline ? pullOffline(host, cache, id, files) : pullModel(host, web, cache, id, files, events);
    };
    const model = await fetched();
    reporter.clear();
    const lines = model.files.map((file) => `${joinPath(model.folder, file.name)}  ${byteText(file.bytes)}\n`);
    host.stdout(values.json ? `${JSON.stringify(model, null, 2)}\n` : lines.join(''));
    return 0;
  }
  if (!/^https?:\/\//.test(name)) {
    throw new FusionclipError('usage', `"${name}" is neither ORG/NAME nor an address: ${USAGE}.`);
  }
  if (values.revision !== null || values.files.length > 0 || values.cache !== null) {
    throw new FusionclipError(
      'usage',
      '--revision, --files and --cache belong to a model of a hub; a URL is one file.',
    );
  }
  if (offline) throw new FusionclipError('usage', 'A URL cannot be fetched without the network; leave --offline out.');
  const path = values.out ?? fileNameOf(name);
  const { bytes, sha256 } = await pullFile(
    host,
    web,
    { url: name, path, sha256: values.sha256?.toLowerCase() },
    events,
  );
  reporter.clear();
  host.stdout(
    values.json
      ? `${JSON.stringify({ path, bytes, sha256 }, null, 2)}\n`
      : `${path}  ${byteText(bytes)}  sha256 ${sha256}\n`,
  );
  return 0;
}

/** The last part of an address's path. */
function fileNameOf(address: string): string {
  const parts = URL.canParse(address) ? new URL(address).pathname.split('/') : [];
  const name = decodeURIComponent(parts.at(-1) ?? '');
  if (/^[^/\\]+$/.test(name) && !/^\.{1,2}$/.test(name)) return name;
  throw new FusionclipError('usage', `${address} has no file name; say where it goes with --out.`);
}

function mebi(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
