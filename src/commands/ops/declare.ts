import { type Command, Option } from 'commander';
import { changing, count, examples, type Run, tenantCommand } from '../options.ts';
import { declareBackups } from './declare-backup.ts';
import { declareModels } from './declare-models.ts';

/** Day-to-day work on one tenant. */
export function declareOps(ops: Command, run: Run): void {
  declareLooks(ops, run);
  declareRestart(ops, run);
  declareTailscale(ops, run);
  declareCredentials(ops, run);
  declareBackups(ops, run);
  declareModels(ops, run);
}

function declareRestart(ops: Command, run: Run): void {
  changing(tenantCommand(ops, 'restart [services...]', 'restart services, or all of them, in order'))
    .option('--timeout <seconds>', 'how long a service may take to become healthy', count, 300)
    .addHelpText(
      'after',
      examples('aiplat ops restart n8n', 'aiplat ops restart --tenant tenant-1001 --dry-run'),
    )
    .action((services, options) =>
      run(
        async (context) => (await import('./restart.ts')).restart(context, services, options),
        options.json === true,
      ),
    );
}

function declareCredentials(ops: Command, run: Run): void {
  changing(tenantCommand(ops, 'credentials', 'show the addresses and secrets of the services'))
    .addOption(new Option('--service <name>', 'of this service alone').conflicts('rotate'))
    .option('--rotate <key>', 'give this secret a new value, and everything that uses it too')
    .addHelpText(
      'after',
      examples(
        'aiplat ops credentials --service postgres',
        'aiplat ops credentials --tenant tenant-1001 --rotate VALKEY_PASSWORD --dry-run',
      ),
    )
    .action((options) =>
      run(
        async (context) =>
          options.rotate === undefined
            ? (await import('./credentials.ts')).credentials(context, options)
            : (await import('./rotate.ts')).rotate(context, options.rotate, options),
        options.json === true,
      ),
    );
}

function declareTailscale(ops: Command, run: Run): void {
  changing(tenantCommand(ops, 'refresh-tailscale', 'take a new auth key of Tailscale, from stdin or a file'))
    .option('--file <path>', 'the file that holds it, instead of stdin')
    .option('--timeout <seconds>', 'how long the node may take to be let in', count, 120)
    .addHelpText(
      'after',
      examples(
        'aiplat ops refresh-tailscale --file key.txt',
        'aiplat ops refresh-tailscale --tenant tenant-1001 --dry-run',
      ),
    )
    .action((options) =>
      run(
        async (context) => (await import('./refresh-tailscale.ts')).refreshTailscale(context, options),
        options.json === true,
      ),
    );
}

function declareLooks(ops: Command, run: Run): void {
  tenantCommand(ops, 'status', 'show how the services are; exit 4 when one is not healthy')
    .option('--watch', 'show it again every two seconds')
    .addHelpText('after', examples('aiplat ops status', 'aiplat ops status --tenant tenant-1001 --json'))
    .action((options) =>
      run(async (context) => (await import('./status.ts')).status(context, options), options.json === true),
    );
  changing(
    tenantCommand(
      ops,
      'renew-ssl',
      'renew the certificates that are due; exit 4 when one ends and cannot be',
    ),
  )
    .addOption(new Option('--all', 'every tenant of this host (an admin)').conflicts('tenant'))
    .addHelpText('after', examples('aiplat ops renew-ssl', 'aiplat ops renew-ssl --all'))
    .action((options) =>
      run(
        async (context) => (await import('./renew-ssl.ts')).renewSsl(context, options),
        options.json === true,
      ),
    );
  tenantCommand(ops, 'logs [services...]', 'show the logs of services, or of all')
    .option('--follow', 'go on as new lines come')
    .option('--since <time>', 'lines since 10m, 2h, 1d or an ISO 8601 time')
    .option('--tail <lines>', 'at most so many lines', count)
    .option('--grep <words>', 'lines that hold these words, in whatever case')
    .addHelpText(
      'after',
      examples('aiplat ops logs n8n --tail 20', 'aiplat ops logs --since 10m --grep error'),
    )
    .action((services, options) =>
      run(
        async (context, signal) => (await import('./logs.ts')).logs(context, services, options, signal),
        options.json === true,
      ),
    );
}
