import { joinPath } from '../../src/base/paths.ts';
import type { DecisionRule } from '../../src/decide/decision_rule.ts';
import { realisedLines } from '../../src/decide/realised.ts';
import { originText, pointText } from '../../src/decide/rule_text.ts';
import type { BatchDecisions } from '../../src/detect/decider.ts';
import type { EvaluateResults } from '../../src/detect/evaluate_run.ts';
import type { Calibrated } from '../protocol/results.ts';
import type { SessionFile } from '../protocol/sessions.ts';
import type { PageFiles } from './files.ts';

/** What a calibration says of the images of a session together; null where the session's weights have none. */
export async function calibratedOf(
  files: PageFiles,
  run: string,
  kind: SessionFile['kind'],
  rule: DecisionRule | null,
): Promise<Calibrated | null> {
  const name = kind === 'predict' ? 'predictions.json' : 'results.json';
  const { decisions } = JSON.parse(new TextDecoder().decode(await files.readFile(joinPath(run, name)))) as {
    readonly decisions?: BatchDecisions | EvaluateResults['decisions'];
  };
  if (!rule || !decisions) return null;
  const { point, coverage } = decisions;
  const shared = { threshold: point.threshold, state: coverage.state, hash: decisions.hash };
  if ('images' in decisions) return { ...shared, lines: realisedLines(decisions), patients: [] };
  const patients = (decisions.patients ?? []).filter(({ patient }) => patient.startsWith('patient '));
  return {
    ...shared,
    lines: [`Operating point: ${pointText(rule)}, calibrated on ${originText(rule)}.`, coverage.text],
    patients: patients.map(({ patient, score, pValue, verdict }) => ({
      id: patient,
      score,
      pValue,
      decision: verdict,
    })),
  };
}
