import { assert } from 'chai';
import { OUTPUT_FILES } from '../../src/data/layout/own_output.ts';
import { CHECKLIST, CHECKLISTS, type ChecklistName, fillChecklist } from '../../src/report/index.ts';
import { suite, test } from '../harness/registry.ts';
import { madeRun } from './made_run.ts';

const NAMES = Object.keys(CHECKLISTS) as ChecklistName[];

/** The cells of each item, by its number. */
function rowsOf(text: string): Map<string, string[]> {
  const lines = text.split('\n').filter((line) => /^\| \d+[a-g]? \|/.test(line));
  return new Map(
    lines.map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim())).map(([, ...cells]) => [cells[0], cells]),
  );
}

suite('checklists', () => {
  const run = madeRun({ threshold: 1.3 });

  test('have the items of their publications, each once and in order', () => {
    const numbers = (name: ChecklistName) => CHECKLISTS[name].items.map(({ number }) => number);
    assert.deepEqual(
      numbers('claim'),
      Array.from({ length: 44 }, (_, i) => String(i + 1)),
    );
    const parts: Readonly<Record<number, string>> = {
      ...{
        3: 'abc',
        5: 'ab',
        6: 'abc',
        8: 'abc',
        9: 'abc',
        12: 'abcdefg',
        18: 'abcdef',
        20: 'abc',
        23: 'ab',
        27: 'abc',
      },
    };
    const tripod = Array.from({ length: 27 }, (_, i) => i + 1);
    assert.deepEqual(
      numbers('tripod'),
      tripod.flatMap((n) => (parts[n] ? [...parts[n]].map((letter) => `${n}${letter}`) : [String(n)])),
    );
    assert.lengthOf(numbers('tripod'), 52);
  });

  test('say what the run says', () => {
    const { image, imageThreshold, sampling } = run.results.selected;
    const claim = rowsOf(fillChecklist('claim', run).text);
    assert.include(
      claim.get('37')![2],
      `image AUROC ${image.auroc.toFixed(3)} (95 %: ${sampling!.imageAuroc.low.toFixed(3)}`,
    );
    assert.include(claim.get('38')![2], `sensitivity ${imageThreshold!.sensitivity.toFixed(3)}`);
    assert.include(claim.get('8')![2], 'files that are no pictures (4)');
    const missed = run.predictions.filter(({ label, abnormal }) => label === 1 && !abnormal).length;
    // Otherwise those that were found are as many.
    assert.isTrue(missed > 0 && missed !== run.predictions.length / 4);
    assert.include(claim.get('39')![2], `${missed} abnormal test images were missed`);
    const tripod = rowsOf(fillChecklist('tripod', run).text);
    assert.include(tripod.get('12c')![2], '4 epochs');
    assert.include(tripod.get('15')![2], 'no probability');
  });

  test('every item is known or left to the author, and the head counts them', () => {
    for (const name of NAMES) {
      const { text, all, part, none } = fillChecklist(name, run);
      assert.match(text, CHECKLIST);
      const rows = [...rowsOf(text).values()];
      assert.lengthOf(rows, CHECKLISTS[name].items.length);
      const isTodo = (cells: string[]) => cells[3].startsWith('**TODO** ');
      assert.equal(rows.filter((cells) => cells[2] === '' && isTodo(cells)).length, none);
      assert.equal(rows.filter((cells) => cells[2] !== '' && isTodo(cells)).length, part);
      assert.equal(rows.filter((cells) => cells[2] !== '' && !isTodo(cells)).length, all);
      assert.isTrue(all > 3 && part > 10);
      assert.include(OUTPUT_FILES, `checklist-${name}.md`);
    }
  });

  test('what a run does not know is left to the author', () => {
    const bare = madeRun({ images: 2, kind: 'image', settings: { method: 'winclip' } });
    const unknown = { ...bare, data: null, environment: null, shots: null };
    const selected = { ...unknown.results.selected, imageThreshold: null, sampling: null };
    const rows = rowsOf(fillChecklist('claim', { ...unknown, results: { ...unknown.results, selected } }).text);
    for (const item of ['8', '20', '29', '38']) assert.equal(rows.get(item)![2], '', item);
    assert.include(rows.get('29')![3], 'TODO');
    assert.include(rows.get('25')![2], 'has no training');
    assert.notInclude(rows.get('37')![2], 'pixel');
  });
});
