import { withoutFlags } from '../../src/base/without_flags.ts';

/** Where things lie that the user knows by their own names. */
const PLACES =
  /((@kept\/)?sessions\/[\d-]+[0-9a-f]*\/(data\/)?(run\/?)?|@data\/\d+\/|@new\/|@embedded\/|@kept\/models\/|@loaded\/|@kept\/?)/g;

/** What the command line asks for, and what does the same on the page. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/; (then )?go on with fusionclip train --resume[^.]*\.?$/, '.'],
  [/ \(fusionclip [^)]*\)/g, ''],
  [/; (fetch it|finish it|go on) with fusionclip [^;.]*/g, ''],
  [/--prompt\.object(?: TEXT)?/g, 'the field “What the images show”'],
  [/prompt\.object/g, '“What the images show”'],
  [/ or (?:say|with) --[a-z][^;,.]*/g, ''],
  [/--shots(?:\.normal|\.abnormal)?(?: N)?/g, '“Shots a class”'],
  [/--epochs(?: N)?/g, '“Epochs”'],
  [/--model(?: PATH)?/g, '“Model”'],
  [/; run `fusionclip doctor`[^.]*/g, ''],
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
  let out = text.replace(PLACES, '');
  for (const [pattern, word] of WORDS) out = out.replace(pattern, word);
  return out;
}
