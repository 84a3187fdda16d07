/** @jsxImportSource preact */
import type { PixelMetrics, RankingMetrics, TrainResults } from '../train/index.ts';
import { fixed } from './verdict.ts';

interface Row {
  readonly name: string;
  readonly image: RankingMetrics | null;
  readonly pixel: PixelMetrics | null;
}

/** The chosen and the last weights beside what brightness alone reaches. */
export function MetricsTable({ results: { selected, last, selectedBy, trivial, kind } }: { results: TrainResults }) {
  const rows: Row[] = [{ name: `epoch ${selected.epoch} (${selectedBy})`, ...selected }];
  if (last.step !== selected.step) rows.push({ name: `epoch ${last.epoch} (last)`, ...last });
  if (trivial) {
    rows.push(
      { name: 'mean grey value', image: trivial.mean, pixel: null },
      { name: 'its deviation', image: trivial.std, pixel: null },
      { name: '99.5th percentile', image: trivial.p995, pixel: null },
    );
    if (trivial.map) rows.push({ name: 'grey values as map', image: null, pixel: trivial.map });
  }
  const heads = ['image AUROC', 'AP', 'F1-max', ...(kind === 'pixel' ? ['pixel AUROC', 'AP', 'F1-max', 'AUPRO'] : [])];
  return (
    <div class="scroll">
      <table>
        <caption>Metrics of the test images</caption>
        <thead>
          <tr>
            <th scope="col">weights or baseline</th>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, image, pixel }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <Cells values={image && [image.auroc, image.averagePrecision, image.f1Max]} count={3} />
              {kind === 'pixel' && (
                <Cells values={pixel && [pixel.auroc, pixel.averagePrecision, pixel.f1Max, pixel.aupro]} count={4} />
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cells({ values, count }: { values: readonly number[] | null; count: number }) {
  return (
    <>
      {Array.from({ length: count }, (_, i) => (
        <td key={i}>{values ? fixed(values[i]) : ''}</td>
      ))}
    </>
  );
}
