import { assert } from 'chai';
import { predictionLine } from '../../src/cli/prediction_line.ts';
import { UNDECIDED } from '../../src/detect/decider.ts';
import { badRow, type FileRow } from '../../src/detect/predictions.ts';
import { suite, test } from '../harness/registry.ts';

const row = (more: Partial<FileRow>): FileRow => ({
  ...badRow('a\n.png', new Error('')),
  ...{ score: 1.25, abnormal: true, abnormalShare: 0.125, error: null },
  ...UNDECIDED,
  ...more,
});

suite('the line of a prediction', () => {
  test('says what is known of the image, and why its score is worth less', () => {
    assert.equal(predictionLine(row({})), '1.2500  abnormal, 12.5 % of the pixels  a\\n.png\n');
    const chance = 'at chance: the AUROC on the test images is 0.600 with a 95 % interval of 0.3 to 0.9';
    const known = 'a support image of the run';
    const worth = (warning: string) => /\((.*)\)/.exec(predictionLine(row({ warning })))![1];
    assert.equal(worth(chance), 'the run is at chance');
    assert.equal(worth(known), known);
    assert.equal(worth(`${chance}; ${known}`), `the run is at chance; ${known}`);
  });

  test('of an image that was not scored it has the reason', () => {
    assert.equal(predictionLine(badRow('b.png', new Error('it is empty'))), '–  not scored: it is empty  b.png\n');
  });
});
