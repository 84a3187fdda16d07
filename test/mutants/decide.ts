import { type Mutation, mutations } from './mutation.ts';

/** Decisions: p-values, operating points, probabilities, false discovery, shift alarm. */
export const decide: readonly Mutation[] = [
  ...mutations('src/decide/conformal.ts', 'decide/conformal', [
    ['(1 + from[countBelow(sorted, score)])', 'from[countBelow(sorted, score)]'],
    ['order ? shares[order[i]] : 1', 'order ? shares[i] : 1'],
    ['map((count) => 1 / count)', 'map(() => 1)'],
    ['if (sorted[middle] < value)', 'if (sorted[middle] <= value)'],
    ['Math.ceil(1 / level - 1 - 1e-9)', 'Math.ceil(1 / level - 1e-9)'],
    ['alpha * (1 + from[0]) + ROUNDING', 'alpha * from[0] + ROUNDING'],
    ['1 + from[0] - from[i + 1] > most', '1 + from[0] - from[i] > most'],
    ['bits[0] += rounded > 0 ? 1 : -1;', 'bits[0] += 1;'],
  ]),
  ...mutations('src/decide/false_discovery.ts', 'decide/conformal', [
    ['(pValues[at] * count) / (count - i)', '(pValues[at] * count) / (count - i + 1)'],
    [
      'let least = 1;',
      'let least = 2;',
      { equivalent: 'the largest p-value comes first, divided by one: it is at most 1' },
    ],
  ]),
  ...mutations('src/decide/stored.ts', 'decide/decide', [['value ?? Number.NaN', 'value && Number.NaN']]),
  ...mutations('src/decide/probability.ts', 'decide/probability', [
    ['return values[values.length - 1];', 'return values[values.length - 2];'],
    ['(positives + 1) / (positives + 2)', '1'],
    [
      'if (before.total / before.weight < last.total',
      'if (before.total / before.weight <= last.total',
      { equivalent: 'two steps of equal height are one step' },
    ],
    ['Math.abs(predicted - observed.share)', '(predicted - observed.share)'],
    ['ofGroup.set(group, fold)', 'ofGroup.set(group, 0)'],
  ]),
  ...mutations('src/decide/two_sample.ts', 'decide/two_sample', [
    ['(1 + asLarge) / (1 + drawn.length)', 'asLarge / drawn.length'],
    ['if (i + 1 < order.length && pooled[order[i + 1]] === pooled[order[i]]) continue;', ''],
    ['(2 * across) / (first * second)', 'across / (first * second)'],
    ['2 * median * median', 'median * median'],
    ['(n - inside[kind]) / second', 'n / second'],
  ]),
  ...mutations('src/decide/shift.ts', 'decide/shift', [
    ['if (batch.length < LEAST_BATCH) return null;', ''],
    ['p > level / (ascending.length - i)', 'p > level'],
    ['calibration.filter(({ score }) => score < cut)', 'calibration'],
    ['if (features) tests.push(features);', ''],
    ['if (scanner) tests.push(scanner);', ''],
    ['(b[1] > a[1] ? b : a)', '(b[1] < a[1] ? b : a)'],
    ['if (!known || key < known.key)', 'if (!known)'],
  ]),
  ...mutations('src/decide/decide.ts', 'decide/decide', [
    ['Math.abs(score - threshold) < tolerance', 'threshold - score > 0 && threshold - score < tolerance'],
    ['if (map[i] >= rule.pixelThreshold) marked++;', 'if (map[i] >= rule.point.threshold) marked++;'],
    ["state: 'shifted',", "state: 'covered',"],
    ['rule.patientScores ? onePerPatient(cases) : cases', 'cases'],
    ['if (count === 0) return coverage;', 'return coverage;'],
    ['[0, -point.tolerance, point.tolerance].map(cutOf)', '[0, 0, 0].map(cutOf)'],
  ]),
  ...mutations('src/decide/decide.ts', 'decide/decide', [['called: score >= cut', 'called: score > cut']]),
  ...mutations('src/decide/decision_rule.ts', 'decide/decide', [
    ['alphaThreshold(normals, alpha, NORMAL_PATIENTS)', 'alphaThreshold(normals, alpha / 2, NORMAL_PATIENTS)'],
    ['thresholdOfPatients(byPatient, labelled', 'thresholdOfPatients(scores, labelled'],
    ['alphaThreshold(peaks, alpha, counted, shares)', 'alphaThreshold(peaks, alpha)'],
    ['return sensitivityThreshold(scores, sensitivity, ABNORMAL_PATIENTS);', 'return byAlpha;'],
    ["if (probability !== 'platt' && probability !== 'isotonic')", 'if (false)'],
    ['(patient === null ? label === 1 : ill.has(patient))', 'label === 1'],
    ['comparedCases(shares ? onePerPatient(normals) : normals)', 'comparedCases(normals)'],
  ]),
  ...mutations('src/decide/realised.ts', 'decide/decide', [
    ['images.filter(isNew)', 'images'],
    ['!met.has(patient)', 'true'],
  ]),
  ...mutations('src/detect/known_images.ts', 'calibrate_run', [
    ['abnormal.has(key) || ', ''],
    ["if (chosen.has(key)) return 'chosen';", ''],
    ["calibrated.has(key) ? 'calibration' : null", 'null'],
  ]),
  ...mutations('src/decide/conformal.ts', 'decide/conformal', [
    ['(1 + from[countBelow(sorted, score)]) / (1 + from[0])', '(1 + from[countBelow(sorted, score)]) / from[0]'],
    ['Math.ceil(1 / level - 1 - 1e-9)', 'Math.ceil(1 / level - 1e-9)'],
    ['if (1 + from[i] > most) return nextFloat32(sorted[i]);', 'if (1 + from[i] > most) return sorted[i];'],
    ['patient === null ? 1 : counts.get(patient)!', 'counts.get(patient)!'],
    ['1 + from[0] - from[i + 1] > most', 'from[0] - from[i + 1] > most'],
    ['const level = 1 - sensitivity;', 'const level = sensitivity;'],
  ]),
  ...mutations('src/decide/false_discovery.ts', 'decide/conformal', [
    ['(count - i));', '(count - i + 1));'],
    ['pValues[b] - pValues[a]', 'pValues[a] - pValues[b]'],
  ]),
  ...mutations('src/decide/shift.ts', 'decide/shift', [
    ['seen.length < LEAST_BATCH / 2', 'seen.length < LEAST_BATCH'],
    ['first.pValue - second.pValue', 'second.pValue - first.pValue'],
    ['if (batch.length < LEAST_BATCH) return null;', 'if (batch.length <= LEAST_BATCH) return null;'],
  ]),
];
