import { array, type InferOutput, literal, object, optional, string, union } from 'valibot';
import { counted } from '../base/counted.ts';
import { FusionclipError } from '../base/errors.ts';
import { checkJson } from '../base/json.ts';
import { type Link, packMessage, unpackMessage } from '../base/link.ts';
import type { PartGradients, StepOwner } from './gradient_parts.ts';

const ANSWER = union([
  object({ type: literal('ready'), adapter: string() }),
  object({ type: literal('part'), names: array(string()), parameters: array(string()), losses: array(string()) }),
  object({ type: literal('failed'), reason: string(), code: optional(string()) }),
]);

/** What a worker says. */
export type MemberAnswer = InferOutput<typeof ANSWER>;

interface Member {
  readonly link: Link;
  isGone: boolean;
}

/** Milliseconds after which a worker that has not opened the training is named. */
const PATIENCE = 20_000;

/** Workers that compute gradients of parts of batches, beside the one who trains. */
export class Team {
  readonly #members: Member[];
  readonly #say: (text: string) => void;

  private constructor(members: Member[], say: (text: string) => void) {
    this.#members = members;
    this.#say = say;
  }

  /**
   * Has the workers open a training.
   * @param training what they need for it: configuration and support images, to be compared with theirs
   * @throws FusionclipError `usage` for one that cannot take part, with its reason
   */
  static async open(links: readonly Link[], training: object, say: (text: string) => void): Promise<Team> {
    for (const link of links) link.send(packMessage({ type: 'open', ...training }));
    for (const link of links) {
      const busy = () => say(`The worker ${link.name} takes its time; it may be at work for another training.`);
      const timer = setTimeout(busy, PATIENCE);
      const { facts } = await answerOf(link).finally(() => clearTimeout(timer));
      if (facts?.type === 'ready') say(`worker ${link.name}: ${facts.adapter}`);
      else {
        const why = facts?.type === 'failed' ? facts.reason : 'The connection ended.';
        throw new FusionclipError('usage', `The worker ${link.name} cannot take part: ${why}`);
      }
    }
    return new Team(
      links.map((link) => ({ link, isGone: false })),
      say,
    );
  }

  /** Workers that are left. */
  get size(): number {
    return this.#members.filter(({ isGone }) => !isGone).length;
  }

  /**
   * The gradients of the parts of a batch, in order, with the weights of the trainer, which computes some of them itself. What a worker
   * that is gone has not answered the trainer computes, so the bits are those of an unbroken step.
   */
  async gradients(trainer: StepOwner, parts: readonly (readonly number[])[]): Promise<PartGradients[]> {
    const members = this.#members.filter(({ isGone }) => !isGone);
    const weights = members.length > 0 ? await trainer.readWeights() : null;
    const out = new Array<PartGradients | null>(parts.length).fill(null);
    const owned = (seat: number) => parts.map((_, i) => i).filter((i) => i % (members.length + 1) === seat);
    const ask = async (member: Member, seat: number): Promise<void> => {
      const mine = owned(seat);
      if (mine.length === 0) return;
      member.link.send(packMessage({ type: 'parts', parts: mine.map((i) => parts[i]) }, weights!));
      for (const i of mine) {
        const { facts, numbers } = await answerOf(member.link);
        if (facts?.type !== 'part') {
          this.#lose(member, facts?.type === 'failed' ? facts.reason : 'the connection ended', trainer.step + 1);
          return;
        }
        const { names, parameters, losses } = facts;
        out[i] = {
          names,
          parameters,
          losses: numbers.slice(0, losses.length),
          gradients: numbers.slice(losses.length),
        };
      }
    };
    const asked = members.map((member, i) => ask(member, i + 1));
    for (const i of owned(0)) out[i] = await trainer.gradients(parts[i]);
    await Promise.all(asked);
    for (const [i, part] of out.entries()) if (part === null) out[i] = await trainer.gradients(parts[i]);
    return out as PartGradients[];
  }

  /** Lets the workers go. */
  close(): void {
    for (const { link } of this.#members) link.close();
  }

  #lose(member: Member, why: string, step: number): void {
    member.isGone = true;
    member.link.close();
    const left = this.size;
    const who = left === 0 ? 'this process goes on alone' : `${counted(left, 'worker')} and this process go on`;
    this.#say(
      `The worker ${member.link.name} is gone at step ${step} (${why.replace(/\.$/, '')}); ${who}, to the same bits.`,
    );
  }
}

async function answerOf(link: Link): Promise<{ facts: MemberAnswer | null; numbers: Float32Array<ArrayBuffer> }> {
  const message = await link.receive();
  if (message === null) return { facts: null, numbers: new Float32Array() };
  try {
    const { facts, numbers } = unpackMessage(message);
    return { facts: checkJson(ANSWER, facts), numbers };
  } catch {
    return {
      facts: { type: 'failed', reason: 'it says what this version does not understand' },
      numbers: new Float32Array(),
    };
  }
}
