/** What a guarded module calls its own; its binding is one more than those of the module. */
export const GUARD_BINDING = 'guard_lines';
/** Words of that binding: the line of a loop that was stopped, and of one that went on longer than {@link LONG_TURNS}. */
export const GUARD_WORDS = 2;

/** Turns of all loops together after which an invocation gives up. */
export const MOST_TURNS = 2 ** 20;
/**
 * Turns of one loop with a barrier after which it is left; also those that lavapipe runs before it stops without a word
 * (docs/architecture.md, "Kernels").
 */
export const LONG_TURNS = 65_535;

const BARRIER = /\b(?:workgroupBarrier|storageBarrier|textureBarrier|workgroupUniformLoad)\b/;

/**
 * The same kernel, but no loop of it is endless: an invocation that has done {@link MOST_TURNS} turns leaves all its loops, and
 * so do the others soon. The lines of such loops are then in the binding {@link GUARD_BINDING}, which holds zeros before. Lines
 * keep their numbers, and what is computed stays the same.
 *
 * A loop with a barrier must be left by all invocations of a workgroup alike, which the compiler has to see: such a loop is counted
 * by itself.
 * @param bindings number of storage buffers of the module
 * @param base is added to every line, so that several modules can be told apart
 * @returns null when the text is too broken to find its loops
 */
export function guardLoops(wgsl: string, bindings: number, base = 0): string | null {
  const code = blankComments(wgsl);
  const waiting = functionsWithBarriers(code);
  const inserted: { at: number; text: string }[] = [];
  for (const [i, { index }] of [...code.matchAll(/\b(?:for|while|loop)\b/g)].entries()) {
    const open = code.indexOf('{', index);
    const close = closing(code, open);
    if (open < 0 || close < 0) return null;
    const line = base + lineOf(code, index);
    const body = code.slice(open, close);
    const waits = BARRIER.test(body) || waiting.some((name) => new RegExp(`\\b${name}\\s*\\(`).test(body));
    const turns = `guard_turns_${i}`;
    const stop = waits
      ? `guard_count(${turns}, ${line}u); if (${turns} >= ${LONG_TURNS}u) { atomicMax(&${GUARD_BINDING}[0], ${line}u); break; }`
      : `guard_count(${turns}, ${line}u); if (guard_turn(${line}u)) { break; }`;
    inserted.push({ at: index, text: `var ${turns} = 0u; ` });
    inserted.push({ at: open + 1, text: ` ${turns} += 1u; ${stop}` });
  }
  let out = wgsl;
  // From the end, so that the places before stay where they are.
  for (const { at, text } of inserted.sort((a, b) => b.at - a.at)) out = out.slice(0, at) + text + out.slice(at);
  return `${out}
@group(0) @binding(${bindings + 1}) var<storage, read_write> ${GUARD_BINDING}: array<atomic<u32>, ${GUARD_WORDS}>;
var<private> guard_turns: u32 = 0u;
var<private> guard_stop: bool = false;
fn guard_count(turns: u32, line: u32) {
  if (turns == ${LONG_TURNS}u) { atomicMax(&${GUARD_BINDING}[1], line); }
}
fn guard_turn(line: u32) -> bool {
  guard_turns += 1u;
  if ((guard_turns & 0x3ffu) == 0u) {
    if (guard_turns >= ${MOST_TURNS}u) { atomicMax(&${GUARD_BINDING}[0], line); }
    guard_stop = guard_stop || atomicLoad(&${GUARD_BINDING}[0]) != 0u;
  }
  return guard_stop;
}
`;
}

/** The text with spaces for comments, so that every place in it stays the same; WGSL's block comments nest. */
export function blankComments(source: string): string {
  let out = '';
  let depth = 0;
  for (let i = 0; i < source.length; i++) {
    const two = source.slice(i, i + 2);
    if (two === '/*' || (depth > 0 && two === '*/')) {
      depth += two === '/*' ? 1 : -1;
      out += '  ';
      i++;
    } else if (depth === 0 && two === '//') {
      const found = source.indexOf('\n', i);
      const end = found < 0 ? source.length : found;
      out += ' '.repeat(end - i);
      i = end - 1;
    } else out += depth === 0 || source[i] === '\n' ? source[i] : ' ';
  }
  return out;
}

/** Names of the functions that reach a barrier, themselves or by a call. */
function functionsWithBarriers(code: string): string[] {
  const bodies = [...code.matchAll(/\bfn\s+(\w+)/g)].map(({ 1: name, index }) => {
    const open = code.indexOf('{', index);
    return { name, body: code.slice(open, closing(code, open)) };
  });
  const found = new Set(bodies.filter(({ body }) => BARRIER.test(body)).map(({ name }) => name));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { name, body } of bodies) {
      if ([...found].some((other) => new RegExp(`\\b${other}\\s*\\(`).test(body))) found.add(name);
    }
  }
  return [...found];
}

/** Where the brace that opens at a place closes, or -1. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let i = open; i >= 0 && i < code.length; i++) {
    if (code[i] === '{') depth++;
    else if (code[i] === '}' && --depth === 0) return i;
  }
  return -1;
}

/** Line of a place, from 1 on. */
function lineOf(code: string, at: number): number {
  return code.slice(0, at).split('\n').length;
}
