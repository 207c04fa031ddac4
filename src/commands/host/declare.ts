import { type Command, Option } from 'commander';
import { changing, examples, type Run, readable } from '../options.ts';

/** What an admin does for a whole host. */
export function declareHost(host: Command, run: Run): void {
  declareInit(host, run);
  declareTenants(host, run);
  declareDoctor(host, run);
  declareImages(host.command('images').description('images that this host builds itself'), run);
}

function declareInit(host: Command, run: Run): void {
  changing(
    readable(host, 'init', 'make this host ready for tenants: groups, sudo rule, directories, firewall'),
  )
    .option('--undo', 'take back exactly what it put there')
    .addHelpText('after', examples('aiplat host init --dry-run', 'aiplat host init --undo'))
    .action((options) =>
      run(
        async (context) =>
          options.undo === true
            ? (await import('./undo.ts')).undo(context, options)
            : (await import('./init.ts')).init(context, options),
        options.json === true,
      ),
    );
}

function declareTenants(host: Command, run: Run): void {
  changing(readable(host, 'admit <user>', 'make a user of this host a tenant'))
    .option('--volume <id>', "the tenant's disk by its serial number, such as vol-0123456789abcdef0")
    .addOption(
      new Option('--device <path>', 'a disk without a serial number, such as /dev/xvdf').conflicts('volume'),
    )
    .option('--quota <limits>', 'where it differs from the host config, such as memoryMb=16384,pids=8192')
    .addOption(
      new Option(
        '--gpu <answer>',
        'may its services use the GPU? Who shares one is not kept apart there',
      ).choices(['yes', 'no'] as const),
    )
    .addHelpText(
      'after',
      examples(
        'aiplat host admit alice --volume vol-0123456789abcdef0',
        'aiplat host admit 1002 --quota memoryMb=16384',
      ),
    )
    .action((user, options) =>
      run(
        async (context) => (await import('./admit.ts')).admit(context, user, options),
        options.json === true,
      ),
    );
  changing(readable(host, 'evict <tenant>', 'let a tenant go: stack, volume, place on this host'))
    .option('--delete-data', "delete the tenant's data as well")
    .option('--confirm <tenant>', "the tenant's name once more, instead of typing it when asked")
    .addHelpText(
      'after',
      examples(
        'aiplat host evict alice --dry-run',
        'aiplat host evict tenant-1001 --delete-data --confirm tenant-1001',
      ),
    )
    .action((tenant, options) =>
      run(
        async (context) => (await import('./evict.ts')).evict(context, tenant, options),
        options.json === true,
      ),
    );
  readable(host, 'tenants', 'show all tenants with their state, use and quota')
    .addHelpText('after', examples('aiplat host tenants', 'aiplat host tenants --json'))
    .action((options) =>
      run(async (context) => (await import('./tenants.ts')).tenants(context), options.json === true),
    );
}

function declareDoctor(host: Command, run: Run): void {
  readable(host, 'doctor', 'show which walls are in force on this host; exit 4 when one is missing')
    .addHelpText('after', examples('aiplat host doctor', 'aiplat host doctor --json'))
    .action((options) =>
      run(async (context) => (await import('./doctor.ts')).doctor(context), options.json === true),
    );
}

function declareImages(images: Command, run: Run): void {
  readable(images, 'build [services...]', 'build the embedded images of these services, or of all')
    .option('--dry-run', 'show the plan and change nothing')
    .addHelpText(
      'after',
      examples('aiplat host images build caddy n8n', 'aiplat host images build --dry-run'),
    )
    .action((services, options) =>
      run(
        async (context) => (await import('./images.ts')).buildImages(context, services, options),
        options.json === true,
      ),
    );
  readable(images, 'list', 'show which embedded images this host has')
    .addHelpText('after', examples('aiplat host images list', 'aiplat host images list --json'))
    .action((options) =>
      run(async (context) => (await import('./images.ts')).listImages(context), options.json === true),
    );
}
