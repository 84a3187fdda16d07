import { type ClipConfig, generateModel, openClipModel, PRESETS, presetConfig } from '../../clip/index.ts';
import { choice, integer, type OptionTable, toggle } from '../../fusion/index.ts';
import { identifyModel } from '../../train/index.ts';
import { type Command, exactly, flagValues, need, word } from '../command.ts';
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
    host.stdout(`${file}: ${call.positional[0]}, seed ${seed}, ${(bytes / 2 ** 20).toFixed(1)} MiB\n`);
    return 0;
  },
};

const INSPECT = {
  json: toggle(false, 'as JSON, with every tensor'),
} satisfies OptionTable;

/** `fusionclip model inspect` */
export const modelInspect: Command = {
  name: ['model', 'inspect'],
  summary: 'opens a CLIP model and says what it is',
  usage: 'PATH',
  flags: [{ title: 'Report', table: INSPECT }],
  async run(call) {
    const { host } = call;
    exactly(1, call, 'fusionclip model inspect PATH');
    const { json } = flagValues(INSPECT, call);
    const [path] = call.positional;
    const model = await openClipModel(host, path);
    const { hash } = await identifyModel(model, path);
    const parameters = model.names.reduce((sum, name) => sum + model.shape(name).reduce((a, b) => a * b, 1), 0);
    const facts = {
      file: model.path,
      naming: model.naming,
      parameters,
      activationKnown: model.actKnown,
      config: model.config,
      hash,
    };
    if (json) {
      const tensors = Object.fromEntries(model.names.map((name) => [name, model.shape(name)]));
      host.stdout(`${JSON.stringify({ ...facts, tensors }, null, 2)}\n`);
    } else host.stdout(describe(facts));
    model.close();
    return 0;
  },
};

function describe(facts: {
  file: string;
  naming: string;
  parameters: number;
  activationKnown: boolean;
  config: ClipConfig;
  hash: string;
}): string {
  const { vision, text, embed, act } = facts.config;
  const known = facts.activationKnown ? '' : ' (assumed: the file does not say)';
  return `${facts.file}: CLIP with ${(facts.parameters / 1e6).toFixed(1)} million parameters, names of ${facts.naming}
vision: ${vision.layers} layers of width ${vision.width}, ${vision.heads} heads, patch ${vision.patch}, ${vision.nativeSize} px
text:   ${text.layers} layers of width ${text.width}, ${text.heads} heads, ${text.context} tokens of ${text.vocab}
embedding: ${embed}; activation: ${act}${known}
identity: ${facts.hash}
`;
}
