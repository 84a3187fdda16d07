import { expect, test } from 'vitest';
import { pageWords } from '../../app/worker/words.ts';

test('sentences of the library name no path and no flag that the page has not', () => {
  for (const [said, shown] of [
    [
      '@data/3/Brain_AD/valid/good/img/0.png: this PNG file is damaged (unexpected end); copy it again.',
      'Brain_AD/valid/good/img/0.png: this PNG file is damaged (unexpected end); copy it again.',
    ],
    [
      'The GPU device was lost (gone) and no other is to be had (none); go on with fusionclip train --resume --out @kept/sessions/1/run.',
      'The GPU device was lost (gone) and no other is to be had (none).',
    ],
    [
      'prompts say "x" (the folder\'s name; --prompt.object TEXT says it better), e.g. "a photo of a flawless x."',
      'prompts say "x" (the folder\'s name; the field “What the images show” says it better), e.g. "a photo of a flawless x."',
    ],
    [
      '@loaded/x.safetensors was not written by fusionclip train, or little of it is left (0 bytes); take a copy of it, or train again.',
      'x.safetensors holds no trained adapters, or little of it is left (0 bytes); take a copy of it, or train again.',
    ],
    ['@series-1a2b3c4d/0004.png is dark.', 'slice 5 of series-1a2b3c4d is dark.'],
    ['@loaded/x was not written by fusionclip train; give a run folder of it.', 'x holds no trained adapters.'],
    [
      "Cannot write sessions/20261129-ab12/run/config.json: the browser's storage is full; remove models or free some space on the disk.",
      "Cannot write config.json: the browser's storage is full; delete some kept work or a model, or free some space on the disk.",
    ],
  ]) {
    expect(pageWords(said)).toBe(shown);
  }
});
