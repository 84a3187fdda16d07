import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { sha256 } from '../base/sha256.ts';
import { VERSION } from '../base/version.ts';
import type { ClipConfig } from '../clip/index.ts';
import { BILL, type BillComponent, billHash, billOf, billProperty } from '../run/cyclonedx.ts';
import { pairFolderSum } from './folder_pairs.ts';

/** What a bill says of a pre-training. */
interface Pretrained {
  readonly config: ClipConfig;
  readonly steps: number;
  readonly settings: Readonly<Record<string, string>>;
  /** The folder of pictures and captions, or null for pairs that the program draws. */
  readonly data: string | null;
}

/** The weights in a model folder. */
const MODEL = 'model.safetensors';

/** Writes the bill of materials of a pre-trained model into its folder: weights and pairs by their hashes, program, settings. */
export async function writeModelBill(fs: FileSystem, folder: string, result: Pretrained): Promise<void> {
  const sum = await sha256(await fs.readFile(joinPath(folder, MODEL)));
  const { config, settings, steps } = result;
  const pairs = await pairsOf(fs, result);
  const made = {
    type: 'machine-learning-model',
    'bom-ref': `model:${sum}`,
    name: `CLIP of ${config.vision.layers} × ${config.vision.width}`,
    version: sum.slice(0, 12),
    description: `a CLIP, trained from nothing in ${steps} steps by fusionclip; not a medical device`,
    hashes: [billHash(sum)],
    modelCard: {
      modelParameters: {
        approach: { type: 'self-supervised' },
        task: 'pictures and sentences in one space',
        architectureFamily: 'CLIP',
        modelArchitecture: `ViT of ${config.vision.layers} layers of width ${config.vision.width}, patch ${config.vision.patch}`,
        datasets: [{ ref: pairs['bom-ref'] }],
        inputs: [{ format: `image of ${config.vision.nativeSize} × ${config.vision.nativeSize}` }, { format: 'text' }],
        outputs: [{ format: `${config.embed} numbers` }],
      },
    },
    properties: Object.entries(settings).map(([name, value]) => billProperty(`setting:${name}`, value)),
  };
  await fs.writeFile(joinPath(folder, BILL), `${JSON.stringify(await billOf(made, [pairs]), null, 2)}\n`);
}

async function pairsOf(fs: FileSystem, { data, settings }: Pretrained): Promise<BillComponent> {
  const type = 'data';
  if (data === null) {
    const name = `pairs of ${settings.pictures}, seed ${settings.seed}`;
    const description = 'drawn by the program itself from its settings';
    return { type, 'bom-ref': `data:${name}`, name, version: VERSION, description, data: [{ type: 'dataset', name }] };
  }
  const sum = await pairFolderSum(fs, data);
  const name = data.split('/').filter(Boolean).pop() ?? 'pairs';
  return {
    ...{ type, 'bom-ref': `data:${sum}`, name, version: sum.slice(0, 12) },
    description:
      'the hash is that of the lines that sha256sum prints of the list and the pictures that it names, by path',
    hashes: [billHash(sum)],
    data: [{ type: 'dataset', name }],
  };
}
