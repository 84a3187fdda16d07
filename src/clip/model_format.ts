import { FusionclipError } from '../base/errors.ts';

const CONVERT = [
  'import sys,torch,zipfile as z',
  'from safetensors.torch import save_file as s',
  'i,o=sys.argv[1:]',
  "j=z.is_zipfile(i) and any('/code/' in n for n in z.ZipFile(i).namelist())",
  "m=torch.jit.load(i,'cpu').state_dict() if j else torch.load(i,'cpu',weights_only=True)",
  "m=m.get('state_dict',m)",
  's({k:v.clone().contiguous() for k,v in m.items() if torch.is_tensor(v)},o)',
].join(';');

const PICTURE = 'a picture, not a model: give the file or the folder of a CLIP model';
const OTHER = 'which is not read: export the model as safetensors';

/** How files begin that have no header of safetensors, and what they are. */
const FOREIGN: readonly (readonly [begin: readonly number[], what: string])[] = [
  [[0x89, 0x50, 0x4e, 0x47], PICTURE],
  [[0xff, 0xd8, 0xff], PICTURE],
  [[0x49, 0x49, 0x2a, 0], PICTURE],
  [[0x4d, 0x4d, 0, 0x2a], PICTURE],
  [[0x47, 0x47, 0x55, 0x46], `a GGUF file, ${OTHER}`],
  [[0x89, 0x48, 0x44, 0x46], `an HDF5 file, as Keras writes it, ${OTHER}`],
];

/**
 * Refuses, by name and by first bytes, the files people mistake for safetensors: PyTorch archives and pickles (they can
 * run code when opened, and need Python), pictures, models of other programs, web pages saved in place of a model, and git-lfs pointers.
 *
 * @param head the first bytes of the file; 64 are enough
 * @throws FusionclipError `bad_model` with the command or the step that gets the right file
 */
export function refuseForeignFormat(name: string, head: Uint8Array): void {
  const start = String.fromCharCode(...head.subarray(0, 64));
  if (start.startsWith('version https://git-lfs')) {
    throw new FusionclipError(
      'bad_model',
      `${name} is a git-lfs pointer, not the model itself: run \`git lfs pull\` in its folder, or download the file.`,
    );
  }
  if (/^\s*<(!doctype|html|\?xml|head)/i.test(start)) {
    throw new FusionclipError(
      'bad_model',
      `${name} is a web page, not a model: its download was answered by an error or login page; download it again.`,
    );
  }
  const foreign = FOREIGN.find(([begin]) => begin.every((byte, i) => head[i] === byte));
  if (foreign) throw new FusionclipError('bad_model', `${name} is ${foreign[1]}.`);
  const isZip = head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
  // Protocol 2 to 5 followed by an opcode; read as a header length this would be far beyond the format's limit.
  const isPickle = head[0] === 0x80 && head[1] >= 2 && head[1] <= 5 && head.subarray(2, 8).some((byte) => byte !== 0);
  if (isZip || isPickle || /\.(pt|pth|bin|ckpt|pkl|pickle)$/i.test(name)) {
    const target = name.replace(/(\.[^./\\]*)?$/, '.safetensors');
    throw new FusionclipError(
      'bad_model',
      `${name} is a PyTorch file, which only Python can read: convert it with python -c "${CONVERT}" "${name}" "${target}".`,
    );
  }
}
