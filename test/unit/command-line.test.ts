import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { commandLine, tooLong } from '../../src/commands/command-line.ts';

it.each([
  [['deploy', '--only', 'n8n,caddy'], 'aiplat deploy --only n8n,caddy'],
  [['ops', 'logs', 'a b'], "aiplat ops logs 'a b'"],
  [['ops', 'logs', "it's; id"], "aiplat ops logs 'it'\\''s; id'"],
  [['ops', 'logs', ''], "aiplat ops logs ''"],
  [['setup', 'a\nb', '$(id)'], "aiplat setup 'a\nb' '$(id)'"],
])('the command line %j stands in the log as somebody would type it', (words, line) => {
  expect(commandLine(words)).toBe(line);
  const said = execFileSync('sh', ['-c', `aiplat() { printf '%s\\0' "$@"; }; ${line}`], { encoding: 'utf8' });
  expect(said.split('\0').slice(0, -1)).toEqual(words);
});

it('a command line that would fill the audit log is refused', () => {
  const line = commandLine(Array.from({ length: 300 }, () => ['--tenant', 'tenant-1001']).flat());
  expect(tooLong(line)).toMatchObject({ exitCode: 2, what: 'The command line is too long.' });
  expect(tooLong(commandLine(['deploy', '--only', 'n8n'.repeat(900)]))).toBeUndefined();
});
