import { type Command, Option } from 'commander';
import { changing, examples, type Run, tenantCommand } from '../options.ts';

/** Backups, and what brings them back. */
export function declareBackups(ops: Command, run: Run): void {
  const backup = declareBackup(ops, run);
  tenantCommand(backup, 'list', 'show the snapshots: when, of which services, how large')
    .addHelpText(
      'after',
      examples('aiplat ops backup list', 'aiplat ops backup list --tenant tenant-1001 --json'),
    )
    .action((options) =>
      run(
        async (context) => (await import('./backup-list.ts')).listBackups(context, options),
        options.json === true,
      ),
    );
  declareRestore(ops, run);
}

const declareBackup = (ops: Command, run: Run): Command =>
  changing(tenantCommand(ops, 'backup', 'take data, .env and record as one encrypted snapshot'))
    .addOption(new Option('--all', 'every tenant of this host (an admin)').conflicts('tenant'))
    .addHelpText('after', examples('aiplat ops backup --dry-run', 'aiplat ops backup --all --wait-lock 600'))
    .action((options) =>
      run(async (context) => (await import('./backup.ts')).backup(context, options), options.json === true),
    );

function declareRestore(ops: Command, run: Run): void {
  changing(tenantCommand(ops, 'restore [snapshot]', 'bring a snapshot back; the latest unless one is named'))
    .option('--service <name>', 'this service alone')
    .addOption(
      new Option('--to <directory>', 'files alone, into this empty directory (an admin)').conflicts(
        'confirm',
      ),
    )
    .option('--confirm <tenant>', "the tenant's name once more, instead of typing it when asked")
    .addHelpText(
      'after',
      examples(
        'aiplat ops restore --dry-run',
        'aiplat ops restore 1a2b3c4d --tenant tenant-1001 --service n8n --confirm tenant-1001',
      ),
    )
    .action((snapshot, options) =>
      run(
        async (context) => (await import('./restore.ts')).restore(context, snapshot ?? 'latest', options),
        options.json === true,
      ),
    );
}
