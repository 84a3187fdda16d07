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
});
