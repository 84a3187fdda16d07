/** Makes a kernel write down where it reads and writes, and reads what was written down. */

/** One place in the text that reads or writes a buffer or workgroup memory. */
export interface Site {
  /** As the text has it. */
  readonly text: string;
  /** Of the buffer or workgroup memory. */
  readonly name: string;
  readonly kind: 'load' | 'store';
  readonly space: 'buffer' | 'workgroup';
  /** Bytes of an element. */
  readonly bytes: number;
}

/** Numbers that one invocation writes for an access: which site, which element. */
const WORDS = 2;
const BYTES: Readonly<Record<string, number>> = {
  ...{ f32: 4, u32: 4, i32: 4, vec2f: 8, vec2u: 8, vec4f: 16, vec4u: 16 },
};

interface Memory {
  readonly space: Site['space'];
  readonly bytes: number;
  /** Lengths of the arrays inside the outermost one, outermost first. */
  readonly inner: readonly string[];
}

/**
 * The module with every access to storage buffers and workgroup memory written to `trace_log`, at the next free binding: 2 numbers
 * each, at most `most` of each invocation, which follow one another by their index in the workgroup.
 */
export function instrumented(source: string, most: number): { source: string; sites: Site[] } {
  const code = source.replaceAll(/\/\/.*/g, '');
  const memories = memoriesOf(code);
  const sites: Site[] = [];
  const binding = [...code.matchAll(/@binding\(\d+\)/g)].length;
  const traced = trace(code, memories, sites);
  const head = [
    `@group(0) @binding(${binding}) var<storage, read_write> trace_log: array<u32>;`,
    'var<private> trace_at: u32;',
    'var<private> trace_end: u32;',
    'fn trace(site: u32, element: u32, index: u32) -> u32 {',
    '  if (trace_at < trace_end) {',
    '    trace_log[trace_at] = site + 1u;',
    '    trace_log[trace_at + 1u] = element;',
    `    trace_at += ${WORDS}u;`,
    '  }',
    '  return index;',
    '}',
  ].join('\n');
  return { source: `${withStart(traced, most)}\n${head}\n`, sites };
}

function memoriesOf(code: string): Map<string, Memory> {
  const out = new Map<string, Memory>();
  for (const [, space, name, type] of code.matchAll(/var<(storage|workgroup)[^>]*>\s*(\w+)\s*:\s*([^;]+);/g)) {
    const lengths: string[] = [];
    let element = type.trim();
    for (let array = /^array<(.+)>$/s.exec(element); array; array = /^array<(.+)>$/s.exec(element)) {
      const comma = lastComma(array[1]);
      element = (comma < 0 ? array[1] : array[1].slice(0, comma)).trim();
      lengths.push(comma < 0 ? '' : array[1].slice(comma + 1).trim());
    }
    if (lengths.length === 0) continue;
    const bytes = BYTES[element.replace(/^atomic<(\w+)>$/, '$1')] ?? 4;
    out.set(name, { space: space === 'storage' ? 'buffer' : 'workgroup', bytes, inner: lengths.slice(1) });
  }
  return out;
}

/** Place of the last comma outside of all brackets, or -1. */
function lastComma(text: string): number {
  let depth = 0;
  for (let i = text.length - 1; i >= 0; i--) {
    if ('>)]'.includes(text[i])) depth++;
    else if ('<(['.includes(text[i])) depth--;
    else if (text[i] === ',' && depth === 0) return i;
  }
  return -1;
}

function trace(code: string, memories: ReadonlyMap<string, Memory>, sites: Site[]): string {
  const name = new RegExp(`\\b(${[...memories.keys()].join('|')})\\s*\\[`, 'g');
  let out = '';
  let at = 0;
  for (let match = name.exec(code); match; match = name.exec(code)) {
    const memory = memories.get(match[1])!;
    const indices: string[] = [];
    let end = match.index + match[0].length - 1;
    while (code[end] === '[' && indices.length <= memory.inner.length) {
      const close = closing(code, end);
      indices.push(code.slice(end + 1, close));
      end = close + 1;
    }
    const after = code.slice(end).replace(/^(\.\w+|\[[^\]]*\])/, '');
    const site = sites.length;
    sites.push({
      text: code.slice(match.index, end).replaceAll(/\s+/g, ' '),
      name: match[1],
      kind: /^\s*([-+*/]?=)(?!=)/.test(after) ? 'store' : 'load',
      ...{ space: memory.space, bytes: memory.bytes },
    });
    const inside = indices.map((index) => trace(index, memories, sites));
    const element = indices.reduce(
      (sum, index, i) => (i === 0 ? `u32(${index})` : `(${sum}) * (${memory.inner[i - 1]}) + u32(${index})`),
      '',
    );
    const last = inside.pop();
    out += code.slice(at, match.index) + match[1] + inside.map((index) => `[${index}]`).join('');
    out += `[trace(${site}u, ${element}, u32(${last}))]`;
    at = end;
    name.lastIndex = end;
  }
  return out + code.slice(at);
}

/** Place of the bracket that closes the one at `open`. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if ('[('.includes(code[i])) depth++;
    else if ('])'.includes(code[i]) && --depth === 0) return i;
  }
  throw new Error('a bracket is open');
}

/** The entry point, which first finds the place of its invocation in the log. */
function withStart(code: string, most: number): string {
  const main = /fn\s+main\s*\(/.exec(code);
  if (!main) throw new Error('no main');
  const open = main.index + main[0].length - 1;
  const own = /@builtin\(local_invocation_index\)\s*(\w+)/.exec(code)?.[1];
  const brace = code.indexOf('{', closing(code, open));
  const start = `{ trace_at = ${own ?? 'trace_local'} * ${WORDS * most}u; trace_end = trace_at + ${WORDS * most}u;`;
  const parameter = own ? '' : '@builtin(local_invocation_index) trace_local: u32, ';
  return code.slice(0, open + 1) + parameter + code.slice(open + 1, brace) + start + code.slice(brace + 1);
}

/** What was fetched, and how much of it was used; of workgroup memory how long it took over how long it could. */
export interface Traffic extends Site {
  readonly accesses: number;
  /** Bytes used / bytes of lines; of workgroup memory cycles without conflicts / cycles. */
  readonly efficiency: number;
  /** Whether no access could do with fewer lines: those that it uses little of hold one number for all, or are all that there is. */
  readonly least: boolean;
  /**
   * Of a buffer: the part of its lines that the workgroup uses from its begin to its end, in all accesses of this kind. Where it is
   * more than `efficiency`, the rest of a line is used later, from the cache. Of workgroup memory 1.
   */
  readonly later: number;
}

const LANES = 32;
const LINE = 128;

/** Accesses of one workgroup, neighbours in groups of 32 that do the same at the same time. */
export function trafficOf(log: Uint32Array, sites: readonly Site[], invocations: number, most: number): Traffic[] {
  // By site and invocation.
  const lists = sites.map(() => Array.from({ length: invocations }, (): number[] => []));
  for (let i = 0; i < invocations; i++) {
    const end = (i + 1) * WORDS * most;
    for (let at = i * WORDS * most; at < end && log[at] !== 0; at += WORDS) lists[log[at] - 1][i].push(log[at + 1]);
  }
  const whole = linesOfBuffers(lists, sites);
  return sites.flatMap((site, number) => {
    let [accesses, good, all] = [0, 0, 0];
    let least = true;
    for (let first = 0; first < invocations; first += LANES) {
      const wave = lists[number].slice(first, first + LANES);
      const rounds = Math.max(...wave.map((list) => list.length));
      for (let round = 0; round < rounds; round++) {
        const elements = wave.filter((list) => list.length > round).map((list) => list[round]);
        const [used, fetched] = site.space === 'buffer' ? lines(elements, site.bytes) : banks(elements, site.bytes);
        accesses++;
        good += used;
        all += fetched;
        least &&= fetched - used < LINE;
      }
    }
    const later = whole.get(bufferOf(site)) ?? 1;
    return accesses === 0 ? [] : [{ ...site, accesses, efficiency: good / all, least, later }];
  });
}

/** Sites that share lines of a cache: loads of a buffer, or stores to it. */
function bufferOf({ name, kind }: Site): string {
  return `${kind} ${name}`;
}

/** Of each buffer the part of its lines that all accesses of a kind use together. */
function linesOfBuffers(lists: readonly (readonly number[][])[], sites: readonly Site[]): Map<string, number> {
  const elements = new Map<string, { bytes: number; touched: Set<number> }>();
  for (const [number, site] of sites.entries()) {
    if (site.space !== 'buffer') continue;
    const { touched } = elements.get(bufferOf(site)) ?? { touched: new Set<number>() };
    for (const list of lists[number]) for (const element of list) touched.add(element);
    elements.set(bufferOf(site), { bytes: site.bytes, touched });
  }
  const parts = [...elements].map(([key, { bytes, touched }]): [string, number] => {
    const [used, fetched] = lines([...touched], bytes);
    return [key, fetched === 0 ? 1 : used / fetched];
  });
  return new Map(parts);
}

/** Bytes that lanes use, and bytes of the lines that hold them. */
function lines(elements: readonly number[], bytes: number): [number, number] {
  const distinct = new Set(elements);
  const touched = new Set([...distinct].map((element) => Math.floor((element * bytes) / LINE)));
  return [distinct.size * bytes, touched.size * LINE];
}

/** Cycles that the words need at 32 a cycle, and those that banks of 4 bytes need: lanes that fill 128 bytes go together. */
function banks(elements: readonly number[], bytes: number): [number, number] {
  const together = LINE / bytes;
  let [least, cycles] = [0, 0];
  for (let i = 0; i < elements.length; i += together) {
    const words = new Map<number, Set<number>>();
    for (const element of elements.slice(i, i + together)) {
      for (let word = (element * bytes) / 4; word < ((element + 1) * bytes) / 4; word++) {
        words.set(word % 32, (words.get(word % 32) ?? new Set()).add(word));
      }
    }
    least++;
    cycles += Math.max(...[...words.values()].map((set) => set.size));
  }
  return [least, cycles];
}
