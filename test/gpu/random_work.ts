import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import type { DeviceGpu } from '../../src/gpu/gpu.ts';
import { RepeatedStep } from '../../src/gpu/repeated_step.ts';
import { FAKE_KERNEL, firstWord } from './fake_device.ts';
import { type Handle, type ModelScope, type Owner, OwnershipModel } from './ownership_model.ts';

const LENGTH = 10;

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

/**
 * Random work on a Gpu of the fake device, beside a model of who owns what: whatever touches memory of another owner makes the
 * two differ, and throws.
 */
export class RandomWork {
  readonly #gpu: DeviceGpu;
  /** Another device, whose buffers have the same numbers. */
  readonly #other: DeviceGpu;
  readonly #model: OwnershipModel;
  /** How often something was done, and how often it was refused. */
  readonly counts: Record<string, number> = {};
  #scopes: ModelScope[] = [];
  #jobs: ModelScope[] = [];
  #repeated: RepeatedStep<GpuArray>;
  #steps: Step[] = [];

  constructor(gpu: DeviceGpu, other: DeviceGpu, seed: number) {
    this.#gpu = gpu;
    this.#other = other;
    this.#model = new OwnershipModel(seed);
    this.#repeated = new RepeatedStep(gpu);
  }

  /** One sequence; at its end everything is released and nothing may be left. */
  async sequence(): Promise<void> {
    if (this.#model.below(4) === 0) {
      this.#allocate();
      this.#allocate();
      this.#step();
    }
    for (let i = 0; i < LENGTH; i++) this.#act();
    if (this.#model.below(16) === 0) await this.#read();
    this.#check();
    while (this.#scopes.length > 0) this.#endScope();
    for (const job of this.#jobs) this.#model.end(job);
    this.#jobs = [];
    if (this.#steps.length > 0) {
      this.#repeated.release();
      for (const { result } of this.#steps) this.#model.die(result!.owner);
      refused(() => this.#repeated.run('0', () => assert.fail('ran')), 'after its release');
      this.#steps = [];
      this.#repeated = new RepeatedStep(this.#gpu);
    }
    for (const { array, owner } of this.#model.handles) {
      if (!owner.alive) continue;
      array.release();
      this.#model.die(owner);
    }
    same(this.#gpu.pool.liveBuffers, 0, 'live buffers at the end');
    same(this.#gpu.pool.liveBytes, 0, 'live bytes at the end');
    this.#model.handles = this.#model.handles.slice(-6);
    if (this.#model.below(64) === 0) this.#gpu.trim();
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
    const choice = this.#steps.length > 0 ? this.#model.below(4) : 2;
    if (choice === 0) this.#replay();
    else if (choice === 1) this.#release();
    else acts[this.#model.below(acts.length)]();
  }

  #allocate(): void {
    const value = this.#model.below(2 ** 31);
    const words = this.#model.below(2) === 0 ? 64 : 128;
    const make = () => GpuArray.from(this.#gpu, new Uint32Array(words).fill(value), [words]);
    const job = this.#model.below(3) === 0 ? this.#jobs.at(-1) : undefined;
    const scope = job ?? this.#scopes.at(-1) ?? null;
    const array = job ? job.scope.do(make) : this.#model.below(8) === 0 ? this.#gpu.lasting(make) : make();
    const owner: Owner = { alive: true, scope: array.buffer.scope ? scope : null, words: new Map([[0, value]]) };
    if (words === 128) owner.words.set(256, value);
    if (owner.scope) owner.scope.owned.add(owner);
    same(array.buffer.scope ?? null, owner.scope?.scope ?? null, 'scope of an allocation');
    this.#model.handles.push({ array, owner });
  }

  /** A dispatch of a live or a dead handle. */
  #use(): void {
    const [x, y] = [this.#model.pick(), this.#model.pick()];
    if (!x || !y || x.owner === y.owner) return;
    const n = this.#model.below(4);
    this.#expect('dispatch', [x, y], () => this.#run(x.array, y.array, n));
    if (x.owner.alive && y.owner.alive) this.#model.set(y, Math.imul(31, this.#model.get(x)) + n);
  }

  /** A copy, a clear or a write. */
  #move(): void {
    const [x, y] = [this.#model.pick(), this.#model.pick()];
    if (!x || !y || x.owner === y.owner) return;
    const value = this.#model.below(2 ** 31);
    const word = ({ array }: Handle) => ({ buffer: array.buffer, offset: array.offset, bytes: 4 });
    const [what, used] = [
      [() => this.#gpu.copy(word(x), word(y)), [x, y]],
      [() => this.#gpu.clear(word(y)), [y]],
      [() => this.#gpu.write(word(y), Uint32Array.of(value)), [y]],
    ][this.#model.below(3)] as [() => void, Handle[]];
    const next = used.length === 2 ? this.#model.get(x) : String(what).includes('clear') ? 0 : value;
    this.#expect('move', used, what);
    if (used.every(({ owner }) => owner.alive)) this.#model.set(y, next);
  }

  #release(): void {
    const x = this.#steps.length > 0 && this.#model.below(2) === 0 ? this.#steps[0].x : this.#model.pick();
    if (!x) return;
    this.#expect('release', [x], () => x.array.release());
    if (x.owner.alive) this.#model.die(x.owner);
  }

  #keep(): void {
    const x = this.#model.pick();
    if (!x) return;
    const top = this.#scopes.at(-1);
    if (top && this.#model.below(2) === 0) {
      this.#expect('pass', [x], () => top.scope.pass(x.array.buffer));
      if (x.owner.alive && x.owner.scope === top) this.#model.own(x.owner, this.#scopes.at(-2) ?? null);
    } else {
      this.#expect('keep', [x], () => x.array.keep());
      if (x.owner.alive) this.#model.own(x.owner, null);
    }
  }

  #view(): void {
    const x = this.#model.pick();
    if (!x) return;
    const half = x.array.size === 128 && x.array.offset === 0;
    let array: GpuArray | null = null;
    this.#expect('view', [x], () => {
      array = half ? x.array.view(64, 64) : x.array.reshape([2, x.array.size / 2]);
    });
    if (array) this.#model.handles.push({ array, owner: x.owner });
  }

  #beginScope(): void {
    if (this.#scopes.length < 4) this.#scopes.push({ scope: this.#gpu.scope(), owned: new Set() });
  }

  #endScope(): void {
    const scope = this.#scopes.pop();
    if (scope) this.#model.end(scope);
  }

  /** Jobs begin and end at any time, whatever scopes are open. */
  #job(): void {
    if (this.#jobs.length < 3) this.#jobs.push({ scope: this.#gpu.job(), owned: new Set() });
    else this.#model.end(this.#jobs.splice(this.#model.below(3), 1)[0]);
  }

  /** The same on a Gpu that the memory is not of. */
  #abroad(): void {
    const x = this.#model.pick();
    if (!x) return;
    const gpu = this.#other;
    using scope = gpu.scope();
    const own = GpuArray.from(gpu, new Uint32Array(64), [64]);
    const part = { buffer: x.array.buffer, offset: x.array.offset, bytes: 4 };
    const acts: (() => void)[] = [
      () => gpu.run({ shader: FAKE_KERNEL, buffers: { x: x.array, y: own }, params: { n: 1 }, groups: [1] }),
      () => gpu.run({ shader: FAKE_KERNEL, buffers: { x: own, y: x.array }, params: { n: 1 }, groups: [1] }),
      () => gpu.copy(part, own),
      () => gpu.clear(part),
      () => gpu.write(part, Uint32Array.of(1)),
      () => gpu.pool.release(x.array.buffer),
      () => scope.adopt(x.array.buffer),
    ];
    this.counts.abroad = (this.counts.abroad ?? 0) + 1;
    refused(acts[this.#model.below(acts.length)], x.owner.alive ? 'memory of another Gpu' : 'was released');
  }

  /** A new recorded step from x to its result and to y, with memory of its own in between. */
  #step(): void {
    const [x, y] = [this.#model.pick(), this.#model.pick()];
    if (!x || !y || x.owner === y.owner || this.#steps.length === 3) return;
    const key = String(this.#steps.length);
    const inner: GpuArray[] = [];
    const empty = () => GpuArray.empty(this.#gpu, [64], 'u32');
    const make = () => {
      const array = empty();
      inner.push(array);
      return array;
    };
    const job = this.#model.below(2) === 0 ? this.#jobs.at(-1) : undefined;
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
      if (this.#model.below(2) === 0) first.release();
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
    for (const one of inner) this.#model.handles.push({ array: one, owner: dead });
    if (!array) return;
    if (side && job) {
      const owner: Owner = { alive: true, scope: job, words: new Map() };
      job.owned.add(owner);
      step.side = { array: side, owner };
      this.#model.handles.push(step.side);
    }
    step.result = { array, owner: { alive: true, scope: null, words: new Map() } };
    this.#steps.push(step);
    this.#carryOut(step);
  }

  #replay(): void {
    const key = this.#model.below(this.#steps.length);
    const step = this.#steps[key];
    const used = [step.x, step.y, step.side ?? step.x, step.result!];
    this.#expect('replay', used, () => this.#repeated.run(String(key), () => assert.fail('a known step ran anew')));
    if (used.every(({ owner }) => owner.alive)) this.#carryOut(step);
  }

  #carryOut({ x, y, side, result }: Step): void {
    if (side) this.#model.set(side, Math.imul(31, Math.imul(31, this.#model.get(x)) + 1) + 5);
    const value = [1, 2, 3].reduce((v, n) => Math.imul(31, v) + n, this.#model.get(x));
    this.#model.set(result!, value);
    this.#model.set(y, Math.imul(31, value) + 4);
  }

  #run(x: GpuArray, y: GpuArray, n: number): void {
    this.#gpu.run({ shader: FAKE_KERNEL, buffers: { x, y }, params: { n }, groups: [1] });
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
    const x = this.#model.pick();
    if (!x) return;
    const got = await this.#gpu.read({ buffer: x.array.buffer, offset: x.array.offset, bytes: 4 }).catch((e) => e);
    if (x.owner.alive) same(new Uint32Array(got)[0], this.#model.get(x) >>> 0, 'a value that was read');
    else same(got.message, 'read: "array" was released before this call', 'refusal of a read');
  }

  /** Every live array has the words that its owner gave it. */
  #check(): void {
    this.#gpu.flush();
    const results = this.#steps.flatMap(({ result }) => result ?? []);
    for (const { array, owner } of [...this.#model.handles, ...results]) {
      same(array.buffer.alive, owner.alive, 'whether a handle is alive');
      if (owner.alive) same(firstWord(array), owner.words.get(array.offset)! >>> 0, 'a value');
    }
  }
}
