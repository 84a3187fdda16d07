import { FusionclipError } from '../base/errors.ts';

/** Ways to say that an object is healthy and that it is not; `{}` stands for the object. */
export interface States {
  readonly normal: readonly string[];
  readonly abnormal: readonly string[];
}

/** The states of APRIL-GAN and MVFA: 7 normal, 5 abnormal. */
export const STATES: States = {
  normal: [
    '{}',
    'flawless {}',
    'perfect {}',
    'unblemished {}',
    '{} without flaw',
    '{} without defect',
    '{} without damage',
  ],
  abnormal: ['damaged {}', 'broken {}', '{} with flaw', '{} with defect', '{} with damage'],
};

/** The states of WinCLIP: the same without "broken". */
export const WINCLIP_STATES: States = {
  normal: STATES.normal,
  abnormal: STATES.abnormal.filter((state) => state !== 'broken {}'),
};

/** The one template that training uses by default. */
export const DEFAULT_TEMPLATE = 'a photo of a {}.';

/** The 35 templates of APRIL-GAN and MVFA, in their order. */
export const TEMPLATES: readonly string[] = [
  'a bad photo of a {}.',
  'a low resolution photo of the {}.',
  'a bad photo of the {}.',
  'a cropped photo of the {}.',
  'a bright photo of a {}.',
  'a dark photo of the {}.',
  'a photo of my {}.',
  'a photo of the cool {}.',
  'a close-up photo of a {}.',
  'a black and white photo of the {}.',
  'a bright photo of the {}.',
  'a cropped photo of a {}.',
  'a jpeg corrupted photo of a {}.',
  'a blurry photo of the {}.',
  'a photo of the {}.',
  'a good photo of the {}.',
  'a photo of one {}.',
  'a close-up photo of the {}.',
  'a photo of a {}.',
  'a low resolution photo of a {}.',
  'a photo of a large {}.',
  'a blurry photo of a {}.',
  'a jpeg corrupted photo of the {}.',
  'a good photo of a {}.',
  'a photo of the small {}.',
  'a photo of the large {}.',
  'a black and white photo of a {}.',
  'a dark photo of a {}.',
  'a photo of a cool {}.',
  'a photo of a small {}.',
  'there is a {} in the scene.',
  'there is the {} in the scene.',
  'this is a {} in the scene.',
  'this is the {} in the scene.',
  'this is one {} in the scene.',
];

/** The 22 templates of WinCLIP, each ending in a full stop. */
export const WINCLIP_TEMPLATES: readonly string[] = [
  ...['cropped', 'close-up', 'bright', 'dark', 'jpeg corrupted', 'blurry'].flatMap((kind) => [
    `a ${kind} photo of a {}.`,
    `a ${kind} photo of the {}.`,
  ]),
  ...['{}', 'small {}', 'large {}', '{} for visual inspection', '{} for anomaly detection'].flatMap((what) => [
    `a photo of a ${what}.`,
    `a photo of the ${what}.`,
  ]),
];

/** Sentences of both classes. */
export interface PromptSentences {
  readonly normal: string[];
  readonly abnormal: string[];
}

/**
 * Every state put into every template, state by state: 12 sentences (7 + 5) by default, 420 with `TEMPLATES`.
 *
 * @param object what the pictures show, e.g. `Brain` or `retinal OCT`
 * @throws FusionclipError `usage` when the object is empty or a template has no `{}`
 */
export function promptSentences(
  object: string,
  templates: readonly string[] = [DEFAULT_TEMPLATE],
  states: States = STATES,
): PromptSentences {
  if (object.trim() === '')
    throw new FusionclipError('usage', 'The object of the prompts is empty: name it, e.g. "Brain".');
  const fill = (states: readonly string[]) =>
    states.flatMap((state) => templates.map((template) => insert(template, insert(state, object))));
  return { normal: fill(states.normal), abnormal: fill(states.abnormal) };
}

/**
 * The templates a user asks for: `one` (the default), `all` (35), `winclip` (22) or `sample:m`, a choice of m out of the
 * 35 in their usual order.
 *
 * @param random unsigned 32-bit random numbers by index; equal streams choose equal templates
 * @throws FusionclipError `usage` for anything else
 */
export function chooseTemplates(choice: string, random: (index: number) => number): readonly string[] {
  if (choice === 'one') return [DEFAULT_TEMPLATE];
  if (choice === 'all') return TEMPLATES;
  if (choice === 'winclip') return WINCLIP_TEMPLATES;
  const count = Number(/^sample:(\d{1,2})$/.exec(choice)?.[1] ?? 0);
  if (count < 1 || count > TEMPLATES.length) {
    throw new FusionclipError(
      'usage',
      `"${choice}" does not choose prompt templates: use one, all, winclip, or sample:m with m from 1 to ${TEMPLATES.length}.`,
    );
  }
  const order = TEMPLATES.map((_, i) => i);
  for (let i = 0; i < count; i++) {
    // Scaling, not a remainder, keeps the choice even.
    const j = i + Math.floor((random(i) / 2 ** 32) * (order.length - i));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order
    .slice(0, count)
    .sort((a, b) => a - b)
    .map((i) => TEMPLATES[i]);
}

function insert(pattern: string, text: string): string {
  if (!pattern.includes('{}')) {
    throw new FusionclipError('usage', `The prompt template "${pattern}" has no {} for the object.`);
  }
  return pattern.replaceAll('{}', () => text);
}
