import { assert } from 'chai';
import { PHANTOM_FAMILIES } from '../../src/phantom/index.ts';
import { formatIntensityTable, intensityTable, TRIVIAL_BOUND } from '../../src/phantom/phantom_check.ts';
import { suiteInTurn, test } from '../harness/registry.ts';

suiteInTurn('phantoms against trivial baselines', () => {
  for (const family of Object.keys(PHANTOM_FAMILIES)) {
    test(`${family}: brightness alone does not tell disease`, () => {
      // 90 of either class: chance is within 0.5 ± 0.13 (three deviations), so the bound can be asked as it is.
      const rows = intensityTable([21], 90, 64, [family]);
      assert.equal(rows.length, 1);
      assert.isAtMost(rows[0].worst, TRIVIAL_BOUND, formatIntensityTable(rows));
    });
  }
});
