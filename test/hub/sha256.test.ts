import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Sha256 } from '../../src/hub/sha256.ts';
import { noise } from '../harness/close.ts';

test('SHA-256 in pieces is that of the whole', () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 100_003]) {
    const bytes = new Uint8Array(noise(length, length).map((x) => 128 + 127 * x));
    for (const step of [1, 37, 64, 100_003]) {
      if (length > 1000 && step === 1) continue;
      const hash = new Sha256();
      for (let at = 0; at < length; at += step) hash.update(bytes.subarray(at, at + step));
      expect(hash.hex()).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
  }
});
