import { Command } from 'commander';
import { declareAdded } from './added/declare.ts';
import { declareStack, declareTeardown, declareVerify } from './declare.ts';
import { declareHost } from './host/declare.ts';
import { declareOps } from './ops/declare.ts';
import { examples, type Run } from './options.ts';

/** The whole command line. Every action loads its command when it runs, and nothing before. */
export function buildProgram(version: string, run: Run): Command {
  const program = new Command('aiplat')
    .description('One Linux host, many isolated AI platforms: one for each Linux user.')
    .version(version, '-V, --version', 'show the version')
    .showSuggestionAfterError()
    // What stands behind the name of a command is that command's, and not of the one above it.
    .enablePositionalOptions()
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      'after',
      examples('aiplat setup --tenant tenant-1001 --preset standard', 'aiplat deploy --tenant tenant-1001'),
    )
    .exitOverride();
  declareStack(program, run);
  declareOps(program.command('ops').description('day-to-day work on one tenant'), run);
  declareVerify(program, run);
  declareTeardown(program, run);
  declareAdded(program, run);
  declareHost(program.command('host').description('what an admin does for a whole host'), run);
  return program;
}
