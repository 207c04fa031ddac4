import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context } from './context.ts';

type Work = (context: Context, signal: AbortSignal) => Promise<void>;

/** Runs a command on the real machine and turns its end into an exit code. */
export type Run = (work: Work, wantsJson: boolean) => Promise<void>;

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

/** The whole command line. Every action loads its command when it runs, and nothing before. */
export function buildProgram(version: string, run: Run): Command {
  const program = new Command('aiplat')
    .description('One Linux host, many isolated AI platforms: one for each Linux user.')
    .version(version, '-V, --version', 'show the version')
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false })
    .addHelpText(
      'after',
      examples('aiplat setup --tenant tenant-1001 --preset standard', 'aiplat deploy --tenant tenant-1001'),
    )
    .exitOverride();
  declareSetup(program, run);
  declareDeploy(program, run);
  declareOps(program.command('ops').description('day-to-day work on one tenant'), run);
  declareVerify(program, run);
  declareTeardown(program, run);
  declareHost(program.command('host').description('what an admin does for a whole host'), run);
  return program;
}

function declareSetup(program: Command, run: Run): void {
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
      run(async (context) => (await import('./setup.ts')).setup(context, options), options.json === true),
    );
}

function declareDeploy(program: Command, run: Run): void {
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
      run(async (context) => (await import('./deploy.ts')).deploy(context, options), options.json === true),
    );
}

function declareOps(ops: Command, run: Run): void {
  tenantCommand(ops, 'status', 'show how the services are; exit 4 when one is not healthy')
    .option('--watch', 'show it again every two seconds')
    .addHelpText('after', examples('aiplat ops status', 'aiplat ops status --tenant tenant-1001 --json'))
    .action((options) =>
      run(
        async (context) => (await import('./ops/status.ts')).status(context, options),
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
        async (context, signal) => (await import('./ops/logs.ts')).logs(context, service, options, signal),
        options.json === true,
      ),
    );
}

function declareVerify(program: Command, run: Run): void {
  tenantCommand(program, 'verify', 'try the walls of a tenant for real; exit 4 when one did not hold')
    .option('--against <tenant>', 'try them against this tenant alone')
    .addOption(new Option('--all', 'every tenant of this host (an admin)').conflicts('tenant'))
    .addHelpText(
      'after',
      examples('aiplat verify --tenant tenant-1001 --against tenant-1002', 'aiplat verify --all --json'),
    )
    .action((options) =>
      run(async (context) => (await import('./verify.ts')).verify(context, options), options.json === true),
    );
}

function declareTeardown(program: Command, run: Run): void {
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
        async (context) => (await import('./teardown.ts')).teardown(context, options),
        options.json === true,
      ),
    );
}

function declareHost(host: Command, run: Run): void {
  host
    .command('doctor')
    .description('show which walls are in force on this host; exit 4 when one is missing')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', examples('aiplat host doctor', 'aiplat host doctor --json'))
    .action((options) =>
      run(async (context) => (await import('./host/doctor.ts')).doctor(context), options.json === true),
    );
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
        async (context) => (await import('./host/images.ts')).buildImages(context, services, options),
        options.json === true,
      ),
    );
  images
    .command('list')
    .description('show which embedded images this host has')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', examples('aiplat host images list', 'aiplat host images list --json'))
    .action((options) =>
      run(async (context) => (await import('./host/images.ts')).listImages(context), options.json === true),
    );
}
