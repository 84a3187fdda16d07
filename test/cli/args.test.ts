import { describe, expect, test } from 'vitest';
import { isSwitch, parseArgs } from '../../src/cli/args.ts';
import { COMMANDS } from '../../src/cli/commands/index.ts';

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
    [['data', '--json'], '"data" alone is no command; there is data check, data audit.'],
    [['train', '--epohcs=3'], "Unknown option '--epohcs'; did you mean --epochs?"],
    [['train', '-o', 'x'], "Unknown option '-o'; --help lists what there is."],
    [['train', '--__proto__', 'x'], "Unknown option '--__proto__'; --help lists what there is."],
  ])('%j is refused', (args, message) => {
    expect(() => parseArgs(args, COMMANDS)).toThrow(message);
  });
});
