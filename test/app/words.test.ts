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
      '@loaded/3/x.safetensors was not written by fusionclip train, or little of it is left (0 bytes); take a copy of it, or train again.',
      'x.safetensors holds no trained adapters, or little of it is left (0 bytes); take a copy of it, or train again.',
    ],
    ['@series-1a2b3c4d/0004.png is dark.', 'slice 5 of series-1a2b3c4d is dark.'],
    ['@images/image-1a2b3c4d.png is dark.', 'image-1a2b3c4d is dark.'],
    [
      'file 1a2b3c4d.dcm: one object of 2 frames (US), not one image; --accept frames takes each frame as an image.',
      'file 1a2b3c4d.dcm: one object of 2 frames (US), not one image.',
    ],
    [
      'Volumes and 5 images without a place in the patient are together; --accept placeless takes the volumes alone, --accept volumes the images alone.',
      'Volumes and 5 images without a place in the patient are together.',
    ],
    [
      'image 1a2b3c4d lies in no folder that says normal or abnormal, and has no mask; put it into one called normal or abnormal, or say what folders are with --normal NAME and --abnormal NAME.',
      'image 1a2b3c4d lies in no folder that says normal or abnormal, and has no mask; put it into one called normal or abnormal.',
    ],
    ['epi.nii.gz holds 2 volumes; say which with --volume 0 … 1.', 'epi.nii.gz holds 2 volumes.'],
    [
      "hub.example cannot be reached, so nothing of model a/b is here (refused); look at this machine's network, proxy and firewall, then give the same command again.",
      "hub.example cannot be reached, so nothing of model a/b is here (refused); look at this machine's network, proxy and firewall, and try again.",
    ],
    [
      'hub.example does not give model a/b to everyone (status 401): accept its terms there, and set HF_TOKEN to your token.',
      'hub.example does not give model a/b to everyone (status 401): accept its terms there.',
    ],
    ['@loaded/3/x was not written by fusionclip train; give a run folder of it.', 'x holds no trained adapters.'],
    [
      'so do the support images: no score is called abnormal; give more shots or more valid images.',
      'so do the support images: training chose no threshold; give more shots or more valid images.',
    ],
    [
      "Cannot write sessions/20261129-ab12/run/config.json: the browser's storage is full; remove models or free some space on the disk.",
      "The browser's storage is full; delete some kept work or a model, or free some space on the disk.",
    ],
  ]) {
    expect(pageWords(said)).toBe(shown);
  }
});
