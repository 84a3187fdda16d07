import type { FusionclipError } from '../base/errors.ts';

/** Errors that some work has thrown: whoever waits for it knows. */
const heard = new WeakSet<FusionclipError>();

/**
 * A piece of work that shares a Gpu with others: a job, or all that is done outside of jobs. Errors of the device are told to
 * the work whose commands or memory they are of, and to work that uses what that has made.
 */
export class Work {
  /** The work that it is a part of. */
  readonly parent: Work | null;
  /** What went wrong first, for as long as there is memory made here. */
  failed: FusionclipError | null = null;
  /** The error that the next call throws. */
  #pending: FusionclipError | null = null;
  /** Work that uses memory made here, as long as something may still go wrong. */
  readonly #users = new Set<Work>();
  /** Stretches of commands whose errors are not known yet. */
  #watched = 0;
  #ended = false;

  constructor(parent: Work | null) {
    this.parent = parent;
  }

  /** Notes that `user` goes on with memory made here. What is made outside of jobs (weights, say) is everybody's. */
  usedBy(user: Work): void {
    if (user === this || this.parent === null || this.#users.has(user)) return;
    if (this.failed && !user.#isPartOf(this)) user.#pending ??= this.failed;
    if (!this.#isOver) this.#users.add(user);
  }

  /** Tells an error to this and to what uses its memory. @returns all that were told */
  fail(error: FusionclipError, told = new Set<Work>()): ReadonlySet<Work> {
    if (told.has(this)) return told;
    told.add(this);
    this.failed ??= error;
    if (!this.#ended || !this.parent) this.#pending ??= error;
    else if (!this.#isHeard(error)) this.parent.fail(error, told);
    for (const user of this.#users) user.fail(error, told);
    return told;
  }

  /** @throws FusionclipError what was told and not thrown yet */
  throwPending(): void {
    const error = this.#pending;
    this.#pending = null;
    if (!error) return;
    heard.add(error);
    throw error;
  }

  /** A stretch of its commands begins. */
  watched(): void {
    this.#watched++;
  }

  /** The errors of a stretch have been told. */
  settled(): void {
    this.#watched--;
    if (this.#isOver) this.#users.clear();
  }

  /** The end of a job. What it was told, and neither it nor what used its memory threw, is the affair of the work around it. */
  end(): void {
    this.#ended = true;
    if (this.#pending && !this.#isHeard(this.#pending)) this.parent?.fail(this.#pending);
    this.#pending = null;
    if (this.#isOver) this.#users.clear();
  }

  /** This, or once it has ended the work around it. */
  get living(): Work {
    return this.#ended && this.parent ? this.parent.living : this;
  }

  /** Whether an error, or the one that it follows from, was thrown. */
  #isHeard(error: FusionclipError): boolean {
    return heard.has(error) || (this.failed !== null && heard.has(this.failed));
  }

  /** Nothing more can go wrong. */
  get #isOver(): boolean {
    return this.#ended && this.#watched === 0;
  }

  #isPartOf(work: Work): boolean {
    for (let at = this.parent; at; at = at.parent) if (at === work) return true;
    return false;
  }
}
