/**
 * Symmetric InfoNCE in float64: the mean over rows and over columns of the cross-entropy between softmax(s · cosine) and a
 * target spread evenly over all that is true, s = exp(logScale), and of both the mean. Rows and columns without anything
 * true do not count.
 * @param cosine [P, T]
 * @param truth whether text j is true of picture i, [i][j]
 */
export function infoNce(cosine: ArrayLike<number>, logScale: number, truth: readonly (readonly boolean[])[]): number {
  const scale = Math.exp(logScale);
  const logits = truth.map((row, i) => row.map((_, j) => scale * cosine[i * row.length + j]));
  const transposed = <T>(rows: readonly (readonly T[])[]) => rows[0].map((_, j) => rows.map((row) => row[j]));
  return (meanEntropy(logits, truth) + meanEntropy(transposed(logits), transposed(truth))) / 2;
}

function meanEntropy(logits: readonly number[][], truth: readonly (readonly boolean[])[]): number {
  const losses = logits.flatMap((row, i) => {
    const right = row.filter((_, j) => truth[i][j]);
    if (right.length === 0) return [];
    const most = Math.max(...row);
    const all = most + Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0));
    return [all - right.reduce((sum, x) => sum + x, 0) / right.length];
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
