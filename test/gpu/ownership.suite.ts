import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { type DeviceGpu, Gpu } from '../../src/gpu/gpu.ts';
import type { Scope } from '../../src/gpu/memory.ts';
import { RepeatedStep } from '../../src/gpu/repeated_step.ts';
import type { Shader } from '../../src/gpu/shader.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { fakeEntry, firstWord } from './fake_device.ts';

/** The fake device's kernel: y[0] = 31 x[0] + n. */
const SHADER: Shader<'x' | 'y', 'n', never> = {
  name: 'multiply_add',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'read_write' },
  ],
  params: [{ name: 'n', type: 'u32', offset: 0 }],
  paramBytes: 16,
  constants: {} as Record<never, number>,
  source: '',
};

const SEQUENCES = 25_000;
const LENGTH = 10;

/** What the model knows of one allocation: whether it is owned by someone, by which scope, and its words. */
interface Owner {
  alive: boolean;
  scope: ModelScope | null;
  /** By byte offset. */
  readonly words: Map<number, number>;
}

/** An array, or a view of one, with its owner in the model. */
interface Handle {
  readonly array: GpuArray;
  readonly owner: Owner;
}

interface ModelScope {
  readonly scope: Scope;
  readonly owned: Set<Owner>;
}

interface Step {
  readonly x: Handle;
  readonly y: Handle;
  /** What the step makes for a job that was there before it. */
  side: Handle | null;
  result: Handle | null;
}

/** Chai's assertions are too slow for some million calls. */
function same(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) assert.fail(`${what}: ${actual} in place of ${expected}`);
}

function refused(act: () => void, words: string): void {
  let message = 'nothing thrown';
  try {
    act();
  } catch (error) {
    message = (error as Error).message;
  }
  if (!message.includes(words)) assert.fail(`${message}, in place of "${words}"`);
}

/** Random work on a Gpu beside a model of who owns what; throws where the two differ. */
class World {
  readonly #gpu: DeviceGpu;
  /** Another device, whose buffers have the same numbers. */
  readonly #other: DeviceGpu;
  #state: number;
  /** How often something was done, and how often it was refused. */
  readonly counts: Record<string, number> = {};
  /** Handles of this sequence, and dead ones of those before. */
  #handles: Handle[] = [];
  #scopes: ModelScope[] = [];
  #jobs: ModelScope[] = [];
  #repeated: RepeatedStep<GpuArray>;
  #steps: Step[] = [];

  constructor(gpu: DeviceGpu, other: DeviceGpu, seed: number) {
    this.#gpu = gpu;
    this.#other = other;
    this.#state = seed;
    this.#repeated = new RepeatedStep(gpu);
  }

  /** One sequence; at its end everything is released and nothing may be left. */
  async sequence(): Promise<void> {
    if (this.#below(4) === 0) {
      this.#allocate();
      this.#allocate();
      this.#step();
    }
    for (let i = 0; i < LENGTH; i++) this.#act();
    if (this.#below(16) === 0) await this.#read();
    this.#check();
    while (this.#scopes.length > 0) this.#endScope();
    for (const job of this.#jobs) this.#end(job);
    this.#jobs = [];
    if (this.#steps.length > 0) {
      this.#repeated.release();
      for (const { result } of this.#steps) this.#die(result!.owner);
      refused(() => this.#repeated.run('0', () => assert.fail('ran')), 'after its release');
      this.#steps = [];
      this.#repeated = new RepeatedStep(this.#gpu);
    }
    for (const { array, owner } of this.#handles) {
      if (!owner.alive) continue;
      array.release();
      this.#die(owner);
    }
    same(this.#gpu.pool.liveBuffers, 0, 'live buffers at the end');
    same(this.#gpu.pool.liveBytes, 0, 'live bytes at the end');
    this.#handles = this.#handles.slice(-6);
    if (this.#below(64) === 0) this.#gpu.trim();
  }

  #act(): void {
    const acts = [
      () => this.#allocate(),
      () => this.#allocate(),
      () => this.#use(),
      () => this.#use(),
      () => this.#use(),
      () => this.#release(),
      () => this.#move(),
      () => this.#keep(),
      () => this.#view(),
      () => this.#beginScope(),
      () => this.#endScope(),
      () => this.#job(),
      () => this.#step(),
      () => this.#abroad(),
    ];
    const choice = this.#steps.length > 0 ? this.#below(4) : 2;
    if (choice === 0) this.#replay();
    else if (choice === 1) this.#release();
    else acts[this.#below(acts.length)]();
  }

  #allocate(): void {
    const value = this.#below(2 ** 31);
    const words = this.#below(2) === 0 ? 64 : 128;
    const make = () => GpuArray.from(this.#gpu, new Uint32Array(words).fill(value), [words]);
    const job = this.#below(3) === 0 ? this.#jobs.at(-1) : undefined;
    const scope = job ?? this.#scopes.at(-1) ?? null;
    const array = job ? job.scope.do(make) : this.#below(8) === 0 ? this.#gpu.lasting(make) : make();
    const owner: Owner = { alive: true, scope: array.buffer.scope ? scope : null, words: new Map([[0, value]]) };
    if (words === 128) owner.words.set(256, value);
    if (owner.scope) owner.scope.owned.add(owner);
    same(array.buffer.scope ?? null, owner.scope?.scope ?? null, 'scope of an allocation');
    this.#handles.push({ array, owner });
  }

  /** A dispatch of a live or a dead handle. */
  #use(): void {
    const [x, y] = [this.#pick(), this.#pick()];
    if (!x || !y || x.owner === y.owner) return;
    const n = this.#below(4);
    this.#expect('dispatch', [x, y], () => this.#run(x.array, y.array, n));
    if (x.owner.alive && y.owner.alive) this.#set(y, Math.imul(31, this.#get(x)) + n);
  }

  /** A copy, a clear or a write. */
  #move(): void {
    const [x, y] = [this.#pick(), this.#pick()];
    if (!x || !y || x.owner === y.owner) return;
    const value = this.#below(2 ** 31);
    const word = ({ array }: Handle) => ({ buffer: array.buffer, offset: array.offset, bytes: 4 });
    const [what, used] = [
      [() => this.#gpu.copy(word(x), word(y)), [x, y]],
      [() => this.#gpu.clear(word(y)), [y]],
      [() => this.#gpu.write(word(y), Uint32Array.of(value)), [y]],
    ][this.#below(3)] as [() => void, Handle[]];
    const next = used.length === 2 ? this.#get(x) : String(what).includes('clear') ? 0 : value;
    this.#expect('move', used, what);
    if (used.every(({ owner }) => owner.alive)) this.#set(y, next);
  }

  #release(): void {
    const x = this.#steps.length > 0 && this.#below(2) === 0 ? this.#steps[0].x : this.#pick();
    if (!x) return;
    this.#expect('release', [x], () => x.array.release());
    if (x.owner.alive) this.#die(x.owner);
  }

  #keep(): void {
    const x = this.#pick();
    if (!x) return;
    const top = this.#scopes.at(-1);
    if (top && this.#below(2) === 0) {
      this.#expect('pass', [x], () => top.scope.pass(x.array.buffer));
      if (x.owner.alive && x.owner.scope === top) this.#own(x.owner, this.#scopes.at(-2) ?? null);
    } else {
      this.#expect('keep', [x], () => x.array.keep());
      if (x.owner.alive) this.#own(x.owner, null);
    }
  }

  #view(): void {
    const x = this.#pick();
    if (!x) return;
    const half = x.array.size === 128 && x.array.offset === 0;
    let array: GpuArray | null = null;
    this.#expect('view', [x], () => {
      array = half ? x.array.view(64, 64) : x.array.reshape([2, x.array.size / 2]);
    });
    if (array) this.#handles.push({ array, owner: x.owner });
  }

  #beginScope(): void {
    if (this.#scopes.length < 4) this.#scopes.push({ scope: this.#gpu.scope(), owned: new Set() });
  }

  #endScope(): void {
    const scope = this.#scopes.pop();
    if (scope) this.#end(scope);
  }

  /** Jobs begin and end at any time, whatever scopes are open. */
  #job(): void {
    if (this.#jobs.length < 3) this.#jobs.push({ scope: this.#gpu.job(), owned: new Set() });
    else this.#end(this.#jobs.splice(this.#below(3), 1)[0]);
  }

  /** The same on a Gpu that the memory is not of. */
  #abroad(): void {
    const x = this.#pick();
    if (!x) return;
    const gpu = this.#other;
    using scope = gpu.scope();
    const own = GpuArray.from(gpu, new Uint32Array(64), [64]);
    const part = { buffer: x.array.buffer, offset: x.array.offset, bytes: 4 };
    const acts: (() => void)[] = [
      () => gpu.run({ shader: SHADER, buffers: { x: x.array, y: own }, params: { n: 1 }, groups: [1] }),
      () => gpu.run({ shader: SHADER, buffers: { x: own, y: x.array }, params: { n: 1 }, groups: [1] }),
      () => gpu.copy(part, own),
      () => gpu.clear(part),
      () => gpu.write(part, Uint32Array.of(1)),
      () => gpu.pool.release(x.array.buffer),
      () => scope.adopt(x.array.buffer),
    ];
    this.counts.abroad = (this.counts.abroad ?? 0) + 1;
    refused(acts[this.#below(acts.length)], x.owner.alive ? 'memory of another Gpu' : 'was released');
  }

  /** A new recorded step from x to its result and to y, with memory of its own in between. */
  #step(): void {
    const [x, y] = [this.#pick(), this.#pick()];
    if (!x || !y || x.owner === y.owner || this.#steps.length === 3) return;
    const key = String(this.#steps.length);
    const inner: GpuArray[] = [];
    const empty = () => GpuArray.empty(this.#gpu, [64], 'u32');
    const make = () => {
      const array = empty();
      inner.push(array);
      return array;
    };
    const job = this.#below(2) === 0 ? this.#jobs.at(-1) : undefined;
    let side: GpuArray | null = null;
    const body = () => {
      const first = make();
      this.#run(x.array, first, 1);
      using _scope = this.#gpu.scope();
      refused(() => first.keep(), 'recorded step');
      refused(() => first.buffer.scope!.pass(first.buffer), 'recorded step');
      refused(() => job?.scope.adopt(first.buffer) ?? this.#gpu.job(), 'recorded step');
      if (job) {
        side = job.scope.do(empty);
        this.#run(first, side, 5);
      }
      const second = make();
      this.#run(first, second, 2);
      if (this.#below(2) === 0) first.release();
      const third = make();
      this.#run(second, third, 3);
      this.#run(third, y.array, 4);
      _scope.pass(third.buffer);
      return third;
    };
    const step: Step = { x, y, side: null, result: null };
    let array: GpuArray | null = null;
    this.#expect('record', [x, y], () => {
      array = this.#repeated.run(key, body);
    });
    const dead: Owner = { alive: false, scope: null, words: new Map() };
    for (const one of inner) this.#handles.push({ array: one, owner: dead });
    if (!array) return;
    if (side && job) {
      const owner: Owner = { alive: true, scope: job, words: new Map() };
      job.owned.add(owner);
      step.side = { array: side, owner };
      this.#handles.push(step.side);
    }
    step.result = { array, owner: { alive: true, scope: null, words: new Map() } };
    this.#steps.push(step);
    this.#carryOut(step);
  }

  #replay(): void {
    const key = this.#below(this.#steps.length);
    const step = this.#steps[key];
    const used = [step.x, step.y, step.side ?? step.x, step.result!];
    this.#expect('replay', used, () => this.#repeated.run(String(key), () => assert.fail('a known step ran anew')));
    if (used.every(({ owner }) => owner.alive)) this.#carryOut(step);
  }

  #carryOut({ x, y, side, result }: Step): void {
    if (side) this.#set(side, Math.imul(31, Math.imul(31, this.#get(x)) + 1) + 5);
    const value = [1, 2, 3].reduce((v, n) => Math.imul(31, v) + n, this.#get(x));
    this.#set(result!, value);
    this.#set(y, Math.imul(31, value) + 4);
  }

  #run(x: GpuArray, y: GpuArray, n: number): void {
    this.#gpu.run({ shader: SHADER, buffers: { x, y }, params: { n }, groups: [1] });
  }

  /** `act` must throw exactly when something that it uses is dead. */
  #expect(what: string, used: readonly Handle[], act: () => void): void {
    const allowed = used.every(({ owner }) => owner.alive);
    const key = allowed ? what : `${what} of released memory`;
    this.counts[key] = (this.counts[key] ?? 0) + 1;
    if (allowed) act();
    else refused(act, '"array" was released');
  }

  async #read(): Promise<void> {
    const x = this.#pick();
    if (!x) return;
    const got = await this.#gpu.read({ buffer: x.array.buffer, offset: x.array.offset, bytes: 4 }).catch((e) => e);
    if (x.owner.alive) same(new Uint32Array(got)[0], this.#get(x) >>> 0, 'a value that was read');
    else same(got.message, 'read: "array" was released before this call', 'refusal of a read');
  }

  /** Every live array has the words that its owner gave it. */
  #check(): void {
    this.#gpu.flush();
    const results = this.#steps.flatMap(({ result }) => result ?? []);
    for (const { array, owner } of [...this.#handles, ...results]) {
      same(array.buffer.alive, owner.alive, 'whether a handle is alive');
      if (owner.alive) same(firstWord(array), owner.words.get(array.offset)! >>> 0, 'a value');
    }
  }

  #end(scope: ModelScope): void {
    scope.scope[Symbol.dispose]();
    for (const owner of [...scope.owned]) this.#die(owner);
  }

  #die(owner: Owner): void {
    this.#own(owner, null);
    owner.alive = false;
  }

  #own(owner: Owner, scope: ModelScope | null): void {
    owner.scope?.owned.delete(owner);
    owner.scope = scope;
    scope?.owned.add(owner);
  }

  #get({ array, owner }: Handle): number {
    return owner.words.get(array.offset)!;
  }

  #set({ array, owner }: Handle, value: number): void {
    owner.words.set(array.offset, value);
  }

  /** A handle, mostly a live one. */
  #pick(): Handle | null {
    let handle: Handle | null = null;
    for (let tries = this.#below(5); tries >= 0 && !handle?.owner.alive; tries--) {
      handle = this.#handles[this.#below(this.#handles.length)] ?? null;
    }
    return handle;
  }

  /** A whole number below `n`. */
  #below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  }
}

suiteInTurn('ownership', () => {
  for (const seed of [1, 2, 3, 4]) {
    test(`random work never touches memory of another owner: ${SEQUENCES} sequences, seed ${seed}`, async (t) => {
      await t.host.gpu(); // WebGPU's constants
      const world = new World(await Gpu.create(fakeEntry()), await Gpu.create(fakeEntry()), seed);
      const errors = Error as { stackTraceLimit?: number };
      const limit = errors.stackTraceLimit;
      errors.stackTraceLimit = 0; // half of the sequences provoke some
      let i = 0;
      try {
        for (; i < SEQUENCES; i++) await world.sequence();
      } catch (error) {
        throw new Error(`sequence ${i}: ${(error as Error).message}`, { cause: error });
      } finally {
        errors.stackTraceLimit = limit;
      }
      for (const [what, count] of Object.entries(world.counts)) assert.isAbove(count, 250, what);
      assert.lengthOf(Object.keys(world.counts), 17);
    });
  }
});
