import { visible } from '../base/visible.ts';
import type { FileRow } from '../detect/predictions.ts';

/** What is known of an image, in a line. */
export function predictionLine(row: FileRow): string {
  const { id, score, abnormal, abnormalShare, warning, error, decision, pValue, probability } = row;
  if (error !== null) return `–  not scored: ${visible(error)}  ${visible(id)}\n`;
  const verdict = abnormal === null ? '' : `  ${decision ?? (abnormal ? 'abnormal' : 'normal')}`;
  const p = pValue === null ? '' : `, p = ${pValue.toPrecision(2)}`;
  const chance = probability === null ? '' : `, probability ${probability.toFixed(2)}`;
  const share = abnormal && abnormalShare !== null ? `, ${(100 * abnormalShare).toFixed(1)} % of the pixels` : '';
  const worth = warning === null ? '' : `  (${shortly(warning)})`;
  return `${score.toFixed(4)}${verdict}${p}${chance}${share}${worth}  ${visible(id)}\n`;
}

/** The warning of a row, without the numbers that were said before. */
function shortly(warning: string): string {
  return warning.replace(/^at chance: [^;]*/, 'the run is at chance');
}
