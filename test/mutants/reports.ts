import { type Mutation, mutations } from './mutation.ts';

/** What is said of results: reports, studies, `ci`; texts of tables; shards, servers. */
export const reports: readonly Mutation[] = [
  ...mutations('src/report/verdict.ts', 'report/report', [
    ['if (high < 0.5)', 'if (high < 0)'],
    ['if (low <= 0.5)', 'if (low <= 0)'],
    ['map.auroc >= selected.pixel.auroc', 'map.auroc < selected.pixel.auroc'],
    ['(threshold.sensitivity + threshold.specificity) / 2 < auroc - SHORT', 'threshold.sensitivity < auroc - 1'],
  ]),
  ...mutations('src/report/worst_first.ts', 'report/report', [
    ['label === 1 ? bar - score : score - bar', 'label === 0 ? bar - score : score - bar'],
  ]),
  ...mutations('src/report/curves.ts', 'report/curves', [
    ['p[0] <= x : (p: Point) => p[0] < x', 'p[0] < x : (p: Point) => p[0] < x'],
    ['y0 + ((x - x0) / (x1 - x0)) * (y1 - y0)', 'y1'],
    ['const exact = own[0] === 0 || own[0] === 1;', 'const exact = own[0] === 2;'],
  ]),
  ...mutations('src/report/loss_series.ts', 'report/', [
    ['step: some[some.length - 1].step', 'step: some[0].step'],
    ['(rate ?? null) === results.selected.rate', 'true'],
  ]),
  ...mutations('src/study/summary.ts', 'study/', [
    ['Math.sqrt(square / (count - 1))', 'Math.sqrt(square / count)'],
    ['JSON.stringify([one.run.set, one.run.method])', 'JSON.stringify([one.run.method])'],
  ]),
  ...mutations('src/study/ci/check_run.ts', 'study/ci', [
    ['last - now! > drop + 1e-12', 'now! - last > drop + 1e-12'],
    ['now! < min)', 'now! <= min)'],
    ['return [a - b];', 'return [b - a];'],
    ['right: abnormal === (label === 1)', 'right: abnormal === (label === 0)'],
  ]),
  ...mutations('src/base/csv.ts', 'base/csv', [
    ['FORMULA.test(line) && !isNumber(line)', 'FORMULA.test(line)'],
    ['return cell.startsWith("\'") && FORMULA.test(cell);', 'return false;'],
  ]),
  ...mutations('src/base/nearest.ts', 'base/nearest', [
    ['const isSwapped = i > 1 && j > 1 &&', 'const isSwapped = i > 9 && j > 1 &&'],
    ['one.changes < 0.6 * one.length', 'true'],
  ]),
  ...mutations('src/shards/cut.ts', 'shards/', [
    ['this.#images + this.#patientImages > most', 'this.#images > most'],
    ["const key = input.patient === '' ?", "const key = input.patient !== '' ?"],
  ]),
  ...mutations('src/dicomweb/multipart.ts', 'dicomweb/multipart', [
    ['const startsLine = at === 0 || message[at - 1] === LF;', 'const startsLine = true as boolean;'],
    ['stated?.at === head + length ? stated', '(stated?.at as number) === -1 ? stated'],
    ['message[at - 2] === CR ? 2 : 1', '1'],
  ]),
  ...mutations('src/decide/rate.ts', 'decide/', [['share: count / of,', 'share: of / count,']]),
  ...mutations('src/decide/image_facts.ts', 'decide/', [
    ['corners - 2 * sides + 4 * data[at]', 'corners - 2 * sides + 3 * data[at]'],
    ['log(width / height)', 'log(height / width)'],
    ['log(width * height) / 2', 'log(width * height)'],
  ]),
  ...mutations('src/gpu/memory.ts', 'gpu/ > refused', [
    ['if (buffer.alive && buffer.slot.home === this.#slots) return;', 'if (buffer.alive) return;'],
    ['offset + bytes <= buffer.bytes', 'offset <= buffer.bytes'],
    ['if (from.bytes > to.bytes)', 'if (from.bytes < 0)'],
  ]),
  ...mutations('src/gpu/memory.ts', 'gpu/', [
    ['if (this.#owned.delete(buffer)) buffer.scope = null;', 'this.#owned.delete(buffer);\n    buffer.scope = null;'],
    ['else if (this.arena) throw', 'else if (false as boolean) throw'],
    ['if (buffer.arena && buffer.arena !== this.arena)', 'if (false as boolean)'],
    ['if (this.#current?.arena) throw', 'if (false as boolean) throw'],
    ['this.#current?.open(label);', ''],
  ]),
  ...mutations('src/gpu/repeated_step.ts', 'gpu/recording', [
    ['      this.#gpu.flush();\n      recording.release();\n      throw', '      recording.release();\n      throw'],
  ]),
  ...mutations('src/nn/tape.ts', 'nn/tape', [['if (output.requiresGrad && !known) {', 'if (false as boolean) {']]),
  ...mutations('src/report/worst_first.ts', 'report/report', [['const bar = threshold ?? 0;', 'const bar = 0;']]),
  ...mutations('src/report/loss_series.ts', 'report/curves', [
    ['some.length;\n', '(some.length + 1);\n'],
    ['step: some[some.length - 1].step', 'step: some[0].step'],
    ['.slice(0, 2).join', '.slice(0, 1).join'],
  ]),
];
