import { assert } from 'chai';
import { type DataRules, dataRules } from '../../src/data/layout/rules.ts';
import { suite, test } from '../harness/registry.ts';

const DEFAULTS: DataRules = {
  normal: [],
  abnormal: [],
  skip: [],
  'mask.background': 'auto',
  'mask.orientation': 'auto',
  'mask.values': null,
  range: 'auto',
  group: null,
  window: 'auto',
  plane: 'auto',
  accept: '',
  volume: null,
  'split.seed': 0,
  'shots.abnormal': 1,
  skipped: [],
};

suite('rules of a data set', () => {
  test('those that are not given have their defaults', () => {
    assert.deepEqual(dataRules(), DEFAULTS);
    assert.deepEqual(dataRules({ plane: undefined, 'shots.abnormal': undefined }), DEFAULTS);
  });

  test('those that are given are obeyed, 0 and nothing too; what is no rule is left out', () => {
    const given: DataRules = {
      normal: ['a'],
      abnormal: ['b'],
      skip: ['c'],
      'mask.background': 'white',
      'mask.orientation': 'stored',
      'mask.values': [1],
      range: 'full',
      group: 'folder',
      window: 'dicom',
      plane: 'coronal',
      accept: 'gaps',
      volume: 0,
      'split.seed': 7,
      'shots.abnormal': 0,
      skipped: ['d'],
    };
    assert.deepEqual(dataRules(given), given);
    assert.deepEqual(dataRules({ ...given, ...{ epochs: 3 } }), given);
  });
});
