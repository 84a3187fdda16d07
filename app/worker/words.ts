import { withoutFlags } from '../../src/base/without_flags.ts';

/** Where things lie that the user knows by their own names. */
const PLACES =
  /((@kept\/)?sessions\/[\d-]+[0-9a-f]*\/(data\/)?(run\/?)?|@data\/\d+\/|@new\/|@embedded\/|@kept\/models\/|@loaded\/\d+\/|@kept\/?)/g;

/** A slice of a volume as a picture. */
const SLICE = /@([^/\s]+)\/(\d{4})\.png/g;

/** A single image of a patient as a picture. */
const IMAGE = /@images\/(image-[0-9a-f]+(?:-\d+)?)\.png/g;

/** What the command line asks for, and what does the same on the page. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/; (then )?go on with fusionclip train --resume[^.]*\.?$/, '.'],
  [/ was not written by fusionclip train(; give a run folder of it)?/g, ' holds no trained adapters'],
  [/ \(fusionclip [^)]*\)/g, ''],
  [/; (fetch it|finish it|go on) with fusionclip [^;.]*/g, ''],
  [/--prompt\.object(?: TEXT)?/g, 'the field “What the images show”'],
  [/prompt\.object/g, '“What the images show”'],
  [/ or (?:say|with) --[a-z][^;,.]*/g, ''],
  [/--shots(?:\.normal|\.abnormal)?(?: N)?/g, '“Shots a class”'],
  [/--epochs(?: N)?/g, '“Epochs”'],
  [/--model(?: PATH)?/g, '“Model”'],
  [/; run `fusionclip doctor`[^.]*/g, ''],
  [
    /^.*: there is no volume; give another path/,
    'There is no volume in what was given that can be scored: segmentations and reports are none',
  ],
  [/, then give the same command again/, ', and try again'],
  [/the same command goes on where it ended/, 'another attempt goes on where it ended'],
  [/, and set HF_TOKEN to your token|, check HF_ENDPOINT/, ''],
  [/; remove it, or move it away/, '; delete that part and fetch it anew'],
  // The page has a threshold all the same, and says what it comes from.
  [/: no score is called abnormal; /, ': training chose no threshold; '],
  // What could not be written is the page's own file, whatever it was.
  [/^Cannot write .*: the browser's storage is full/, "The browser's storage is full"],
  [/; remove models or free some space/, '; delete some kept work or a model, or free some space'],
];

/** A sentence of the library in the words of the page: without paths of its own and without the command line's flags. */
export function pageWords(text: string): string {
  return withoutFlags(translated(text));
}

/** Whether a sentence asked for something that only a command line can do, and has lost it. */
export function hasLostAdvice(text: string): boolean {
  return translated(text) !== pageWords(text);
}

function translated(text: string): string {
  let out = text
    .replace(PLACES, '')
    .replace(SLICE, (_, name: string, file: string) => `slice ${Number(file) + 1} of ${name}`)
    .replace(IMAGE, '$1');
  for (const [pattern, word] of WORDS) out = out.replace(pattern, word);
  return out;
}
