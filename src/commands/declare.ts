import { type Command, Option } from 'commander';
import { changing, count, examples, list, type Run, tenantCommand } from './options.ts';

/** What makes, tries and removes the stack of a tenant. */
export function declareStack(program: Command, run: Run): void {
  declareSetup(program, run);
  declareDeploy(program, run);
}

function declareSetup(program: Command, run: Run): void {
  changing(tenantCommand(program, 'setup', "make a tenant's directories, ports, secrets and .env"))
    .option('--preset <name>', 'minimal, standard or full')
    .option('--services <names>', 'services instead of a preset, with commas between them', list)
    .option('--vector-db <name>', 'the vector database')
    .option('--domain <name>', 'the domain under which the services answer')
    .option('--force', 'go on although memory or disk will not do')
    .option('--confirm <tenant>', "the tenant's name, where another vector database leaves data behind")
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
    .option('--force', 'go on although memory or disk will not do')
    .option('--confirm <tenant>', "the tenant's name, where another vector database leaves data behind")
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

export function declareVerify(program: Command, run: Run): void {
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

export function declareTeardown(program: Command, run: Run): void {
  changing(tenantCommand(program, 'teardown', 'remove the whole stack; data only when asked'))
    .option('--delete-data', "delete the tenant's data as well")
    .option('--release-volume', "unmount the tenant's volume, for good; what is on it stays")
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
