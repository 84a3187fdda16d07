import type { Image } from '../data/image.ts';
import { unit } from '../phantom/arithmetic.ts';
import { Random } from '../phantom/random.ts';
import { alone, PLACE_NAMES, type Spot, together } from './arrangement.ts';
import { Canvas, type Colour } from './canvas.ts';
import { type SceneFacts, sceneCaptions } from './captions.ts';
import { COLOURS, near } from './colours.ts';
import { DAMAGES, type Damage } from './damage.ts';
import { MATERIALS, paintMaterial } from './materials.ts';
import { THINGS, type Thing } from './objects.ts';
import { PATTERNS, paintPattern } from './patterns.ts';
import { placeThing } from './place_thing.ts';

/** A generated picture of things or surfaces with what is said about it. */
export interface Scene {
  /** RGB, or one channel where the picture is without colours. */
  readonly image: Image;
  /** One channel, 255 on the damage and 0 elsewhere. */
  readonly mask: Image;
  /** One of `captions`, drawn by the seed. */
  readonly caption: string;
  /** All that is true of it. */
  readonly captions: readonly string[];
  readonly facts: SceneFacts;
}

/** All that scenes show, by name. */
export const SCENE_WORDS = {
  things: THINGS.map(({ plural }) => plural),
  materials: Object.keys(MATERIALS),
  patterns: Object.keys(PATTERNS),
  colours: Object.keys(COLOURS),
  damages: DAMAGES.map(({ name }) => name),
} as const;

/** What is decided before anything is drawn. */
interface Plan {
  readonly facts: SceneFacts;
  readonly ground: string;
  readonly thing: Thing | null;
  readonly pattern: string | null;
  readonly colour: Colour;
  readonly damage: Damage | null;
}

/** Share of pictures without colours. */
const GREY = 0.4;

/**
 * Scene number `index`: a pure function of its arguments, the same bytes in every runtime. The same number with and
 * without damage shows the same things.
 * @param size pixels to a side
 */
export function scene(seed: number, index: number, size: number, damaged: boolean): Scene {
  const streams = streamsOf(seed, index);
  const plan = planScene(streams, damaged);
  const canvas = new Canvas(size);
  draw(canvas, streams, plan);
  const captions = sceneCaptions(plan.facts);
  return {
    image: develop(canvas, streams.light, plan.facts.grey),
    mask: {
      ...{ width: size, height: size, channels: 1 },
      data: Uint8Array.from(canvas.damaged, (cover) => (cover >= 0.5 ? 255 : 0)),
    },
    caption: streams.words.pick(captions),
    captions,
    facts: plan.facts,
  };
}

/** The captions that scene number `index` has, without a picture: what a vocabulary is learned from. */
export function captionsOfScene(seed: number, index: number, damaged: boolean): string[] {
  return sceneCaptions(planScene(streamsOf(seed, index), damaged).facts);
}

/** Streams of different names, so that what damage draws changes nothing else. */
function streamsOf(seed: number, index: number) {
  const key = new Random(`scene.${index}`, seed).u32();
  const stream = (name: string) => new Random(`scene.${name}`, key);
  return {
    plan: stream('plan'),
    paint: stream('paint'),
    damage: stream('damage'),
    light: stream('light'),
    words: stream('words'),
  };
}

type Streams = ReturnType<typeof streamsOf>;

function planScene({ plan: r, damage: d }: Streams, damaged: boolean): Plan {
  const grey = r.chance(GREY);
  const ground = r.pick(Object.keys(MATERIALS));
  const name = r.pick(Object.keys(COLOURS));
  const colour = near(r, COLOURS[name], 0.07);
  const damage = damaged ? d.pick(DAMAGES) : null;
  const shared = { grey, damage };
  if (r.chance(0.6)) {
    const thing = r.pick(THINGS);
    const count = r.chance(0.7) ? 1 : r.int(2, 4);
    const noun = count === 1 ? thing.noun : thing.plural;
    const place = r.pick(PLACE_NAMES);
    const facts: SceneFacts = {
      ...{ kind: 'things', noun, count, ...shared },
      colour: grey ? null : name,
      ground: MATERIALS[ground].ground,
      place: count === 1 ? place : null,
    };
    return { facts, ground, thing, pattern: null, colour, damage };
  }
  const pattern = r.chance(0.35) ? r.pick(Object.keys(PATTERNS)) : null;
  const noun = pattern ? `${pattern} fabric` : MATERIALS[ground].noun;
  const facts: SceneFacts = {
    ...{ kind: 'surface', noun, count: 1, ...shared },
    colour: grey || !pattern ? null : name,
    ground: null,
    place: null,
  };
  return { facts, ground, thing: null, pattern, colour, damage };
}

function draw(canvas: Canvas, { paint: r, damage: d }: Streams, plan: Plan): void {
  const { facts, thing, colour, damage } = plan;
  const behind = new Float32Array(canvas.light.length);
  let spot: Spot = { x: 0, y: 0, radius: 0.8, turn: 0 };
  let cover = new Float32Array(canvas.pixels).fill(1) as Float32Array;
  if (plan.pattern) {
    const other = near(r, r.pick(Object.values(COLOURS).filter((one) => distance(one, colour) > 0.5)), 0.06);
    paintPattern(canvas, r, plan.pattern, colour, other);
  } else paintMaterial(canvas, r, MATERIALS[plan.ground]);
  if (thing) {
    behind.set(canvas.light);
    const spots = facts.count === 1 ? [alone(r, facts.place!)] : together(r, facts.count);
    const rough = r.range(0, 0.3);
    const covers = spots.map((one) => placeThing(canvas, thing, one, colour, rough, r.u32()));
    const which = d.int(0, spots.length - 1);
    [spot, cover] = [spots[which], covers[which]];
  } else {
    const bare = near(d, d.pick([COLOURS.white, COLOURS.black, COLOURS.orange]), 0.1);
    for (let i = 0; i < canvas.pixels; i++) for (let c = 0; c < 3; c++) behind[c * canvas.pixels + i] = bare[c];
    spot = { ...spot, x: d.range(-0.4, 0.4), y: d.range(-0.4, 0.4), radius: d.range(0.4, 0.8) };
  }
  if (!damage) return;
  const own = thing || plan.pattern ? colour : MATERIALS[plan.ground].colours[0];
  damage.draw(canvas, d, { cover, spot, colour: own, behind });
}

function distance(a: Colour, b: Colour): number {
  return Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) + Math.abs(a[2] - b[2]);
}

/** Light that falls from a side, a camera's exposure and its noise. */
function develop({ size, light, pixels }: Canvas, r: Random, grey: boolean): Image {
  const [gain, gamma] = [r.range(0.75, 1.15), r.range(-0.25, 0.25)];
  const [slopeX, slopeY, noise] = [r.range(-0.2, 0.2), r.range(-0.2, 0.2), r.range(0, 0.035)];
  const negative = grey && r.chance(0.1);
  const channels = grey ? 1 : 3;
  const data = new Uint8Array(channels * pixels);
  for (let i = 0; i < pixels; i++) {
    const [x, y] = [(2 * (i % size)) / size - 1, (2 * Math.floor(i / size)) / size - 1];
    const lamp = gain * (1 + slopeX * x + slopeY * y);
    const [red, green, blue] = [light[i], light[pixels + i], light[2 * pixels + i]];
    const seen = grey ? [0.299 * red + 0.587 * green + 0.114 * blue] : [red, green, blue];
    for (let c = 0; c < channels; c++) {
      const lit = unit(lamp * seen[c]);
      const bent = lit + gamma * lit * (1 - lit);
      const value = unit((negative ? 1 - bent : bent) + noise * (2 * r.next() - 1) * 1.7);
      data[channels * i + c] = Math.floor(255 * value + 0.5);
    }
  }
  return { width: size, height: size, channels, data };
}
