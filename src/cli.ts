import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Context } from './commands/context.ts';
import { EXIT, type ExitCode } from './errors.ts';
import type { Terminal } from './report/terminal.ts';

declare const __VERSION__: string;
const VERSION = typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0-source';

type Work = (context: Context, signal: AbortSignal) => Promise<void>;

/** Runs one command: the real machine, the voice, the exit code. Heavy modules load here and not before. */
async function run(work: Work, wantsJson: boolean): Promise<void> {
  const [{ createReport }, { realHost }] = await Promise.all([
    import('./report/report.ts'),
    import('./host/real.ts'),
  ]);
  const report = createReport(terminalOf(wantsJson), VERSION);
  const stop = new AbortController();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has had enough (`… | head`): no trouble of ours.
    if (error.code !== 'EPIPE') throw error;
    stop.abort();
  });
  try {
    const context = {
      host: realHost(process.env, join(import.meta.dirname, '..', 'templates')),
      report,
      caller: callerFacts(),
      configPath: process.env.AIPLAT_CONFIG ?? '/etc/aiplat/config.json',
      version: VERSION,
    };
    await work(context, stop.signal);
    process.exitCode = report.finish();
  } catch (error) {
    process.exitCode = report.finish(error);
  }
}

/** A command line as a person would type it again. It holds no secret: aiplat takes none there. */
const callerFacts = (): Context['caller'] => ({
  uid: process.getuid?.() ?? -1,
  sudoUid: /^\d+$/.test(process.env.SUDO_UID ?? '') ? Number(process.env.SUDO_UID) : undefined,
  cwd: process.cwd(),
  commandLine: ['aiplat', ...process.argv.slice(2)].join(' '),
});

function terminalOf(wantsJson: boolean): Terminal {
  const isPlain = process.env.CI !== undefined || process.env.TERM === 'dumb';
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    isLive: process.stderr.isTTY === true && !isPlain && !wantsJson,
    canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true && !isPlain && !wantsJson,
    hasColour:
      process.stdout.isTTY === true &&
      process.stderr.isTTY === true &&
      !isPlain &&
      process.env.NO_COLOR === undefined,
    width: process.stderr.columns ?? 80,
    wantsJson,
  };
}

const list = (text: string): string[] => {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === ''))
    throw new InvalidArgumentError('Write names with commas between them.');
  return names;
};

const count = (text: string): number => {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
};

const examples = (...lines: string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;

const tenantCommand = (parent: Command, name: string, text: string): Command =>
  parent
    .command(name)
    .description(text)
    .option('--tenant <name>', 'the tenant, such as tenant-1001 (an admin may name any)')
    .option('--json', 'print one JSON document on stdout');

const changing = (command: Command): Command =>
  command
    .option('--dry-run', 'show the plan, each step with its reason, and change nothing')
    .option('--wait-lock <seconds>', 'wait so long for another command on this tenant', count);

function buildProgram(): Command {
  const program = new Command('aiplat')
    .description('One Linux host, many isolated AI platforms: one for each Linux user.')
    .version(VERSION, '-V, --version', 'show the version')
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      'after',
      examples('aiplat setup --tenant tenant-1001 --preset standard', 'aiplat deploy --tenant tenant-1001'),
    )
    .exitOverride();
  declareSetup(program);
  declareDeploy(program);
  declareOps(program.command('ops').description('day-to-day work on one tenant'));
  declareTeardown(program);
  declareHost(program.command('host').description('what an admin does for a whole host'));
  return program;
}

function declareSetup(program: Command): void {
  changing(tenantCommand(program, 'setup', "make a tenant's directories, ports, secrets and .env"))
    .option('--preset <name>', 'minimal, standard or full')
    .option('--services <names>', 'services instead of a preset, with commas between them', list)
    .option('--vector-db <name>', 'the vector database')
    .option('--domain <name>', 'the domain under which the services answer')
    .addHelpText(
      'after',
      examples(
        'aiplat setup',
        'aiplat setup --tenant tenant-1002 --services caddy,n8n --vector-db chroma --dry-run',
      ),
    )
    .action((options) =>
      run(
        async (context) => (await import('./commands/setup.ts')).setup(context, options),
        options.json === true,
      ),
    );
}

function declareDeploy(program: Command): void {
  changing(tenantCommand(program, 'deploy', "make the running stack equal to the tenant's .env"))
    .addOption(new Option('--plan', 'the same as --dry-run').implies({ dryRun: true }))
    .option('--only <services>', 'these services alone, with commas between them', list)
    .option('--no-wait', 'do not wait until the services are healthy')
    .option('--timeout <seconds>', 'how long a service may take to become healthy', count, 300)
    .addHelpText(
      'after',
      examples('aiplat deploy', 'aiplat deploy --tenant tenant-1001 --only n8n --dry-run'),
    )
    .action((options) =>
      run(
        async (context) => (await import('./commands/deploy.ts')).deploy(context, options),
        options.json === true,
      ),
    );
}

function declareOps(ops: Command): void {
  tenantCommand(ops, 'status', 'show how the services are; exit 4 when one is not healthy')
    .option('--watch', 'show it again every two seconds')
    .addHelpText('after', examples('aiplat ops status', 'aiplat ops status --tenant tenant-1001 --json'))
    .action((options) =>
      run(
        async (context) => (await import('./commands/ops/status.ts')).status(context, options),
        options.json === true,
      ),
    );
  tenantCommand(ops, 'logs <service>', 'show the log of a service')
    .option('--follow', 'go on as new lines come')
    .option('--since <time>', 'lines since 10m, 2h, 1d or an ISO 8601 time')
    .option('--tail <lines>', 'at most so many lines', count)
    .addHelpText(
      'after',
      examples('aiplat ops logs n8n --tail 20', 'aiplat ops logs caddy --since 10m --follow'),
    )
    .action((service, options) =>
      run(
        async (context, signal) =>
          (await import('./commands/ops/logs.ts')).logs(context, service, options, signal),
        options.json === true,
      ),
    );
}

function declareTeardown(program: Command): void {
  changing(tenantCommand(program, 'teardown', 'remove the whole stack; data only when asked'))
    .option('--delete-data', "delete the tenant's data as well")
    .option('--confirm <tenant>', "the tenant's name once more, instead of typing it when asked")
    .addHelpText(
      'after',
      examples(
        'aiplat teardown --dry-run',
        'aiplat teardown --tenant tenant-1001 --delete-data --confirm tenant-1001',
      ),
    )
    .action((options) =>
      run(
        async (context) => (await import('./commands/teardown.ts')).teardown(context, options),
        options.json === true,
      ),
    );
}

function declareHost(host: Command): void {
  const images = host.command('images').description('images that this host builds itself');
  images
    .command('build [services...]')
    .description('build the embedded images of these services, or of all')
    .option('--dry-run', 'show the plan and change nothing')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText(
      'after',
      examples('aiplat host images build caddy n8n', 'aiplat host images build --dry-run'),
    )
    .action((services, options) =>
      run(
        async (context) =>
          (await import('./commands/host/images.ts')).buildImages(context, services, options),
        options.json === true,
      ),
    );
  images
    .command('list')
    .description('show which embedded images this host has')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', examples('aiplat host images list', 'aiplat host images list --json'))
    .action((options) =>
      run(
        async (context) => (await import('./commands/host/images.ts')).listImages(context),
        options.json === true,
      ),
    );
}

/** Commander has printed its own words already; a wrong command line is bad input. */
function commandLineCode(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.refused;
  throw error;
}

// Every file and directory is made with a mode of its own; a caller's umask takes nothing from it.
process.umask(0o022);
try {
  await buildProgram().parseAsync();
} catch (error) {
  process.exitCode = commandLineCode(error);
}
