/** Reads the machine code that Mesa's AMD compiler prints: its loops, and what they are made of. */

/** Instructions of one kind in a loop, times the trips of the loops inside it. */
export interface LoopFacts {
  readonly instructions: number;
  /** Multiply-adds; one that does two at a time counts two, and is two instructions. */
  readonly fma: number;
  /** fma / instructions. */
  readonly share: number;
  /** Loads from buffers by width in bits, e.g. `{ 128: 8 }`; scalar ones are left out. */
  readonly loads: Readonly<Record<number, number>>;
  readonly stores: number;
  readonly workgroupLoads: Readonly<Record<number, number>>;
  readonly workgroupStores: Readonly<Record<number, number>>;
  readonly barriers: number;
}

interface Block {
  readonly name: string;
  readonly lines: string[];
  /** Blocks that it may jump to. */
  readonly targets: string[];
}

interface Loop {
  /** Places of its first and last block. */
  readonly first: number;
  readonly last: number;
  readonly inner: Loop[];
}

/**
 * The loop of a kernel that does most multiply-adds (of one without any, most instructions), from the outermost one that
 * holds it: loads, addresses and barriers count. A loop inside counts as often as its constant says; where no constant says
 * it, it alone is the answer. Both sides of a branch count. Null without a loop.
 */
export function hottestLoop(assembly: string): LoopFacts | null {
  const blocks = readBlocks(assembly);
  const outer = nest(loopsOf(blocks));
  const all = outer.map((loop) => weigh(blocks, loop));
  const most = Math.max(...all.map((one) => one.fma));
  const best = all.filter((one) => one.fma === most).sort((x, y) => y.instructions - x.instructions)[0];
  return best ?? null;
}

function readBlocks(assembly: string): Block[] {
  const blocks: Block[] = [];
  for (const raw of assembly.split('\n')) {
    const label = /^(BB\d+):/.exec(raw);
    if (label) blocks.push({ name: label[1], lines: [], targets: [] });
    const line = raw.replace(/;.*/, '').trim();
    if (label || !/^[a-z]+_/.test(line)) continue;
    const block = blocks[blocks.length - 1];
    block?.lines.push(line);
    const target = /^s_c?branch\w*\s+(BB\d+)/.exec(line);
    if (target) block?.targets.push(target[1]);
  }
  return blocks;
}

/** A jump backwards closes a loop; the compiler lays its blocks side by side. */
function loopsOf(blocks: readonly Block[]): Loop[] {
  const places = new Map(blocks.map(({ name }, i) => [name, i]));
  const ends = new Map<number, number>();
  blocks.forEach(({ targets }, last) => {
    for (const target of targets) {
      const first = places.get(target);
      if (first !== undefined && first <= last) ends.set(first, Math.max(last, ends.get(first) ?? 0));
    }
  });
  return [...ends].map(([first, last]) => ({ first, last, inner: [] }));
}

/** The outermost loops, each with those inside it. */
function nest(loops: readonly Loop[]): Loop[] {
  const outer: Loop[] = [];
  for (const loop of [...loops].sort((x, y) => x.first - y.first || y.last - x.last)) {
    let into = outer;
    for (;;) {
      const holder = into.find((one) => one.first <= loop.first && loop.last <= one.last);
      if (!holder) break;
      into = holder.inner;
    }
    into.push(loop);
  }
  return outer;
}

/** What one trip of a loop runs. */
function weigh(blocks: readonly Block[], loop: Loop): LoopFacts {
  const inside = (i: number) => loop.inner.some((one) => one.first <= i && i <= one.last);
  const own = [];
  for (let i = loop.first; i <= loop.last; i++) if (!inside(i)) own.push(...blocks[i].lines);
  const parts = loop.inner.map((one) => ({ facts: weigh(blocks, one), trips: tripsOf(blocks, one) }));
  const endless = parts.filter(({ trips, facts }) => trips === null && facts.fma > 0);
  if (endless.length > 0) return endless.map(({ facts }) => facts).sort((x, y) => y.fma - x.fma)[0];
  const facts = parts.reduce((sum, { facts, trips }) => add(sum, facts, trips ?? 1), count(own));
  return { ...facts, share: facts.instructions === 0 ? 0 : facts.fma / facts.instructions };
}

/** How often a loop runs whose counter goes from a constant to a constant, else null. */
function tripsOf(blocks: readonly Block[], { first, last, inner }: Loop): number | null {
  const lines: string[] = [];
  for (let i = first; i <= last; i++) {
    if (!inner.some((one) => one.first <= i && i <= one.last)) lines.push(...blocks[i].lines);
  }
  for (const line of lines) {
    const compare = /^s_cmp\w* (s\d+), (0x[0-9a-f]+|\d+)$/.exec(line);
    if (!compare) continue;
    const [, register, limit] = compare;
    const step = lines.map((l) => new RegExp(`^s_add\\w* ${register}, ${register}, (0x[0-9a-f]+|\\d+)$`).exec(l));
    const by = step.find((m) => m)?.[1] ?? (lines.some((l) => l.startsWith(`s_addk_i32 ${register}, `)) ? '1' : null);
    if (by !== null) return Math.ceil((Number(limit) - startOf(blocks, first, register)) / Number(by));
  }
  return null;
}

/** What a counter begins at: the last constant that goes into its register before the loop. */
function startOf(blocks: readonly Block[], first: number, register: string): number {
  for (let i = first - 1; i >= 0; i--) {
    const value = blocks[i].lines.findLast((line) => line.startsWith(`s_mov`) && line.includes(` ${register}, `));
    if (value) return Number(/, (0x[0-9a-f]+|\d+)$/.exec(value)?.[1] ?? 0);
  }
  return 0;
}

function count(lines: readonly string[]): LoopFacts {
  const loads: Record<number, number> = {};
  const workgroupLoads: Record<number, number> = {};
  const workgroupStores: Record<number, number> = {};
  let [instructions, fma, stores, barriers] = [0, 0, 0, 0];
  for (const line of lines) {
    // Two operations in one word: `v_dual_fmac_f32 … :: v_dual_mov_b32 …`.
    for (const part of line.split('::')) {
      const name = part.trim().split(/\s/)[0].replace('dual_', '');
      instructions++;
      if (/^v_(fma|fmac|mad|mac|fmamk|fmaak|madmk|madak)_(legacy_)?f32/.test(name)) fma++;
      else if (/^v_(pk_fma|dot2)/.test(name)) fma += 2;
      else if (/^(buffer|global|flat)_load_/.test(name)) bump(loads, widthOf(name));
      else if (/^(buffer|global|flat)_store_/.test(name)) stores++;
      else if (/^ds_(read|load)/.test(name)) bump(workgroupLoads, widthOf(name));
      else if (/^ds_(write|store)/.test(name)) bump(workgroupStores, widthOf(name));
      else if (name === 's_barrier') barriers++;
    }
  }
  const share = instructions === 0 ? 0 : fma / instructions;
  return { instructions, fma, share, loads, stores, workgroupLoads, workgroupStores, barriers };
}

function bump(counts: Record<number, number>, width: number, by = 1): void {
  counts[width] = (counts[width] ?? 0) + by;
}

/** Bits that an instruction moves for each lane: RDNA 3 says `b128`, what is older `dwordx4`. */
function widthOf(name: string): number {
  const words = /dword(?:x(\d))?/.exec(name);
  if (words) return 32 * Number(words[1] ?? 1);
  const bits = Number(/[bu](\d+)/.exec(name)?.[1] ?? 32);
  return /(read|load|write|store)(2|_2addr)/.test(name) ? 2 * bits : bits;
}

function add(sum: LoopFacts, more: LoopFacts, times: number): LoopFacts {
  const counts = (x: Readonly<Record<number, number>>, y: Readonly<Record<number, number>>) => {
    const out = { ...x };
    for (const [width, n] of Object.entries(y)) bump(out, Number(width), n * times);
    return out;
  };
  return {
    instructions: sum.instructions + times * more.instructions,
    fma: sum.fma + times * more.fma,
    share: 0,
    loads: counts(sum.loads, more.loads),
    stores: sum.stores + times * more.stores,
    workgroupLoads: counts(sum.workgroupLoads, more.workgroupLoads),
    workgroupStores: counts(sum.workgroupStores, more.workgroupStores),
    barriers: sum.barriers + times * more.barriers,
  };
}
