import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../../src/base/option.ts';
import { isSwitch, parseArgs } from '../../src/cli/args.ts';
import { pickFlags } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import type { Host } from '../../src/host/host.ts';
import { RUNTIME_CHOICES } from '../../src/launch/launch.ts';

describe('arguments', () => {
  for (const command of COMMANDS) {
    test(`every flag of ${command.name.join(' ')} arrives under its own name`, () => {
      const names = command.flags.flatMap(({ table }) => Object.entries(table));
      const values = Object.fromEntries(names.map(([name, { form }]) => [name, isSwitch(form) ? 'true' : 'a-b']));
      const args = Object.entries(values).map(([name, value]) => `--${name}=${value}`);
      const { positional, flags } = parseArgs([...command.name, 'one', ...args, '--', '--two'], COMMANDS);
      expect(flags).toEqual(values);
      expect(positional).toEqual(['one', '--two']);
    });
  }

  for (const { name, examples } of COMMANDS) {
    test(`the examples of ${name.join(' ')} are two command lines that it takes`, () => {
      expect(new Set(examples).size).toBe(2);
      for (const line of examples) {
        const [program, ...words] = line.split(' ');
        // The launcher takes it out of the line.
        const runtime = words.indexOf('--runtime');
        if (runtime >= 0) expect(RUNTIME_CHOICES).toContain(words.splice(runtime, 2)[1]);
        const { command, flags } = parseArgs(words, COMMANDS);
        expect([program, command.name]).toEqual(['fusionclip', name]);
        for (const { table } of command.flags) resolveOptions(table, pickFlags(table, flags));
      }
    });
  }

  test.each(['--stored', '--with=runs.json'])(
    'a study that develops refuses %s, which it would not look at',
    async (flag) => {
      const args = ['study', 'gap', '--model', 'm', '--out', 'o', '--develop', 'epochs=3', flag];
      const { command, ...parsed } = parseArgs(args, COMMANDS);
      const call = { host: {} as Host, ...parsed };
      await expect(async () => command.run(call)).rejects.toThrow(/^--develop runs its trials itself/);
    },
  );

  test('a switch takes true and false for its value, but no file name; an empty value is one', () => {
    const parsed = (...args: string[]) => {
      const { command, positional, flags } = parseArgs(args, COMMANDS);
      return [command.name.join(' '), positional, flags];
    };
    expect(parsed('eval', '--json', 'run')).toEqual(['eval', ['run'], { json: 'true' }]);
    expect(parsed('eval', '--json', 'false', 'run')).toEqual(['eval', ['run'], { json: 'false' }]);
    expect(parsed('phantom', '--out=', '-')).toEqual(['phantom', ['-'], { out: '' }]);
    expect(parsed('phantom', 'check', '--json')).toEqual(['phantom check', [], { json: 'true' }]);
  });

  test.each([
    [['tarin'], "Unknown command 'tarin'; did you mean train?"],
    [['xyz'], "Unknown command 'xyz'; --help lists what there is."],
    [['--json', 'train'], "Unknown option '--json'; --help lists what there is."],
    [['data', '--json'], '"data" alone is no command; there is data check, data audit, data fetch, data store.'],
    [['train', '--epohcs=3'], "Unknown option '--epohcs'; did you mean --epochs?"],
    [['train', '--lr', '1'], "Unknown option '--lr'; did you mean --lr.adapter, --lr.prompt or --lr.grid?"],
    [['train', '--nctx', '1'], "Unknown option '--nctx'; did you mean --prompt.nctx?"],
    [['train', '--batch-size', '1'], "Unknown option '--batch-size'; did you mean --batch or --size?"],
    [['predict', 'x', '--output', 'y'], "Unknown option '--output'; did you mean --out?"],
    [['eval', '--lr', '1'], "Unknown option '--lr'; --help lists what there is."],
    [['train', '-o', 'x'], "Unknown option '-o'; --help lists what there is."],
    [['predict', '', '--run', 'x'], 'Argument 1 is empty, as a variable that is not set leaves it'],
    [['compare', 'a', '--', ' '], 'Argument 2 is empty'],
    [['train', '--__proto__', 'x'], "Unknown option '--__proto__'; --help lists what there is."],
  ])('%j is refused', (args, message) => {
    expect(() => parseArgs(args, COMMANDS)).toThrow(message);
  });
});
