import { textColumns } from '../../base/columns.ts';
import { integer, list, type OptionTable, text, toggle } from '../../base/option.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import { chosenAttention } from '../../kernels/attention_variants.ts';
import { defaultVariant } from '../../kernels/matmul_plan.ts';
import { TUNING_SHAPES, type TunedVariant, tuneAttention, tuneMatmul } from '../../kernels/tune.ts';
import { onDevice } from '../../run/on_device.ts';
import { type Command, exactly, flagValues } from '../command.ts';
import { GPU_FLAGS, type Session, withGpu } from '../session.ts';
import { type Tuning, tuningFile } from '../tuning.ts';

const FLAGS = {
  json: toggle(false, 'the measurements as JSON'),
  shapes: list(
    text('', /^[1-9]\d*x[1-9]\d*x[1-9]\d*$/, 'MxKxN', 'products to time, rows x terms x columns'),
    TUNING_SHAPES.map((shape) => shape.join('x')),
    'products to time, rows x terms x columns',
  ),
  rounds: integer(5, [1, 1000], 'how often each is timed; the shortest time counts'),
  reset: toggle(false, 'forget what was measured: the default of the kind of adapter holds again'),
} satisfies OptionTable;

/** `fusionclip tune` */
export const tune: Command = {
  name: ['tune'],
  summary: 'measures which kernels of products and of attention are fastest on this adapter, and remembers them',
  usage: '',
  examples: ['fusionclip tune --shapes 290x1024x4096 --rounds 20', 'fusionclip tune --reset'],
  details:
    'Every command then uses them. Results may change in their last digits, since another kernel may add in another order.',
  flags: [{ title: 'Tuning', table: { ...FLAGS, ...GPU_FLAGS } }],
  async run(call) {
    exactly(0, call, 'fusionclip tune');
    const { json, reset, rounds, shapes } = flagValues(FLAGS, call);
    const { host } = call;
    const work = async ({ gpu }: Session) => {
      const file = tuningFile(host, gpu.facts);
      const usual = { matmul: defaultVariant(gpu.facts), attention: chosenAttention(gpu.facts) };
      if (reset) {
        if (file && (await host.stat(file))) await host.remove(file);
        const lines = Object.entries(usual).map(([kernel, variant]) => `${kernel}: ${variant}, the default\n`);
        host.stdout(json ? `${JSON.stringify(usual)}\n` : lines.join(''));
        return 0;
      }
      const measured = {
        matmul: await tuneMatmul(gpu, shapes.map(sizes), rounds),
        attention: await tuneAttention(gpu, undefined, rounds),
      };
      const choices = { matmul: measured.matmul[0].variant, attention: measured.attention[0].variant };
      const tuning: Tuning = { adapter: describeAdapter(gpu.facts), choices };
      if (file) await host.writeFile(file, `${JSON.stringify(tuning, null, 2)}\n`);
      if (json) {
        host.stdout(`${JSON.stringify({ ...choices, default: usual, measured, file })}\n`);
        return 0;
      }
      const rows = (['matmul', 'attention'] as const).flatMap((kernel) => {
        const each: readonly TunedVariant<string>[] = measured[kernel];
        return each.map(({ variant, milliseconds }) => {
          const marks = [variant === choices[kernel] && 'chosen', variant === usual[kernel] && 'default'];
          return [kernel, variant, milliseconds.toFixed(1), 'ms', marks.filter(Boolean).join(', ')];
        });
      });
      host.stdout(`${textColumns(rows, 'llrl')}\n`);
      host.stdout(file ? `stored in ${file}\n` : 'not stored: there is no folder for it here\n');
      return 0;
    };
    // Where a device is lost all is measured anew on the next one: times of two devices are not to be compared.
    return withGpu(call, (session) => onDevice(session, work));
  },
};

function sizes(shape: string): [m: number, k: number, n: number] {
  const [m, k, n] = shape.split('x').map(Number);
  return [m, k, n];
}
