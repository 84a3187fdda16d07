/** What is done to SPIR-V, and to Dawn's text of it, between the compilers of shaders and that of the GPU. */

const OP = { ConstantNull: 46, Variable: 59, Store: 62 };
const WORKGROUP = 4;
const NOP = 1 << 16;

/**
 * Without the stores that clear workgroup memory by one lane: wgpu lets the driver clear it (VK_KHR_zero_initialize_workgroup_memory),
 * which the program `naga` cannot be told.
 */
export function withoutClearing(spirv: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(spirv.slice().buffer);
  const zeros = new Set<number>();
  const shared = new Set<number>();
  for (let at = 5; at < words.length; at += words[at] >>> 16) {
    const op = words[at] & 0xffff;
    if (op === OP.ConstantNull) zeros.add(words[at + 2]);
    if (op === OP.Variable && words[at + 3] === WORKGROUP) shared.add(words[at + 2]);
    if (op === OP.Store && shared.has(words[at + 1]) && zeros.has(words[at + 2])) {
      words.fill(NOP, at, at + (words[at] >>> 16));
      at += 2;
    }
    if (words[at] >>> 16 === 0) throw new Error(`SPIR-V: an instruction without length at word ${at}`);
  }
  return new Uint8Array(words.buffer);
}

/** The disassembly of each numbered source in what Dawn printed. */
export function dumped(log: string): Map<number, string> {
  const texts = new Map<number, string>();
  for (const part of log.split('// Dumped WGSL:').slice(1)) {
    const number = /\/\/ source (\d+)/.exec(part)?.[1];
    const [, text] = part.split('/* Dumped SPIRV disassembly */');
    if (number === undefined || text === undefined) continue;
    // What Dawn says next of another kind begins with a line without the form of an instruction.
    const lines = text.split('\n').filter((line) => /^\s*(;|%\S+ =|Op)/.test(line));
    texts.set(Number(number), lines.join('\n'));
  }
  return texts;
}

/**
 * Dawn's text without what keeps an index below the length of its buffer. Dawn leaves that away where the driver checks bounds itself
 * (robustBufferAccess2: its toggle `vulkan_use_buffer_robust_access_2`), as AMD's does and SwiftShader, through which the text comes, does not.
 */
export function withoutBounds(text: string): string {
  const named = (pattern: RegExp) => new Map([...text.matchAll(pattern)].map(([, name, of]) => [name, of]));
  const lengths = named(/(%\w+) = OpArrayLength %uint (%\w+) 0/g);
  const minusOne = named(/(%\w+) = OpISub %uint (%\w+) %uint_1$/gm);
  return text.replace(/(%\w+) = OpExtInst %uint %\w+ UMin (%\w+) (%\w+)/g, (line, name, index, bound) =>
    lengths.has(minusOne.get(bound) ?? '') ? `${name} = OpCopyObject %uint ${index}` : line,
  );
}
