import { textColumns } from '../../base/columns.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { choice, integer, type OptionTable, toggle } from '../../base/option.ts';
import {
  generateModel,
  inspectModel,
  type ModelInspection,
  openClipModel,
  PRESETS,
  presetConfig,
} from '../../clip/index.ts';
import { identifyModel } from '../../detect/backbone.ts';
import { EXIT_CODES } from '../../host/exit_codes.ts';
import { byteText, type Command, exactly, flagValues, need, word } from '../command.ts';
import { Reporter } from '../reporter.ts';

const GENERATE = {
  seed: integer(1, [0, 2 ** 32 - 1], 'of the weights'),
  naming: choice(['openai', 'huggingface'], 'openai', 'names of the tensors'),
  dtype: choice(['f32', 'f16'], 'f32', 'type of the tensors'),
  out: word('FILE', 'safetensors file to write'),
} satisfies OptionTable;

/** `fusionclip model generate` */
export const modelGenerate: Command = {
  name: ['model', 'generate'],
  summary: 'writes a model whose weights follow a rule: for tests and benchmarks, it knows nothing',
  usage: `${[...PRESETS.keys()].slice(0, 2).join('|')}|… --out FILE`,
  examples: [
    'fusionclip model generate T --out t.safetensors',
    'fusionclip model generate ViT-L-14-336 --dtype f16 --out large.safetensors',
  ],
  details: `Names: ${[...PRESETS.keys()].join(', ')}. Equal arguments give equal bytes.`,
  flags: [{ title: 'Model', table: GENERATE }],
  async run(call) {
    const { host } = call;
    exactly(1, call, 'fusionclip model generate NAME --out FILE');
    const { seed, naming, dtype, out } = flagValues(GENERATE, call);
    const file = need(out, 'out', 'name the file to write');
    const config = presetConfig(call.positional[0]);
    const reporter = new Reporter(host);
    const total = 100;
    await generateModel(config, seed, { naming, dtype }, await host.createWriter(file), (done, bytes) => {
      if (host.isTerminal)
        reporter.listen({ type: 'stage', what: 'percent', done: Math.round((total * done) / bytes), total });
    });
    reporter.clear();
    const bytes = (await host.stat(file))?.bytes ?? 0;
    host.stdout(`${file}: ${call.positional[0]}, seed ${seed}, ${byteText(bytes)}\n`);
    return 0;
  },
};

const INSPECT = {
  json: toggle(false, 'as JSON, with every tensor'),
} satisfies OptionTable;

/** `fusionclip model inspect` */
export const modelInspect: Command = {
  name: ['model', 'inspect'],
  summary: 'says what a model file holds, which CLIP it is, and what is missing',
  usage: 'MODEL',
  examples: ['fusionclip model inspect tiny-clip', 'fusionclip model inspect model.safetensors --json'],
  details:
    'MODEL is a safetensors file, a folder, or the id of a model that was pulled. Exit code 6: it is no whole CLIP model.',
  flags: [{ title: 'Report', table: INSPECT }],
  async run(call) {
    const { host } = call;
    exactly(1, call, 'fusionclip model inspect MODEL');
    const { json } = flagValues(INSPECT, call);
    const [path] = call.positional;
    const found = await inspectModel(host, path);
    const hash = found.config && (await identityOf(host, path));
    if (json) {
      const maps = {
        metadata: Object.fromEntries(found.metadata),
        dtypes: Object.fromEntries(found.dtypes),
        tensors: Object.fromEntries(found.tensors),
      };
      host.stdout(`${JSON.stringify({ ...found, ...maps, hash }, null, 2)}\n`);
    } else host.stdout(describe(found, hash));
    return found.problem === null ? 0 : EXIT_CODES.bad_model;
  },
};

async function identityOf(fs: FileSystem, path: string): Promise<string> {
  const model = await openClipModel(fs, path);
  const { hash } = await identifyModel(model, path);
  model.close();
  return hash;
}

function describe(found: ModelInspection, hash: string | null): string {
  const { file, tensors, dtypes, bytes, parameters, naming, missing, config, preset, actKnown, problem } = found;
  const rows = [...tensors].map(([name, { dtype, shape, bytes: size }]) => [
    name,
    dtype,
    String(size),
    `[${shape.join(', ')}]`,
  ]);
  const lines = [textColumns(rows, 'llrl')];
  const types = [...dtypes].map(([dtype, sum]) => `${sum.tensors} tensors in ${dtype} (${byteText(sum.bytes)})`);
  lines.push(`${file}: ${types.join(', ')}; ${byteText(bytes)}, ${(parameters / 1e6).toFixed(1)} million numbers`);
  if (config) {
    const { vision, text, embed, act } = config;
    lines.push(
      `CLIP: ${preset ?? 'none of the known models'}, names of ${naming}, nothing is missing`,
      `vision: ${vision.layers} layers of width ${vision.width}, ${vision.heads} heads, patch ${vision.patch}, ${vision.nativeSize} px`,
      `text:   ${text.layers} layers of width ${text.width}, ${text.heads} heads, ${text.context} tokens of ${text.vocab}`,
      `embedding: ${embed}; activation: ${act}${actKnown ? '' : ' (assumed: the file does not say)'}`,
      `identity: ${hash}`,
    );
  }
  for (const name of missing) lines.push(`missing: ${name}`);
  if (problem !== null) lines.push(`no whole CLIP model: ${problem}`);
  return `${lines.join('\n')}\n`;
}
