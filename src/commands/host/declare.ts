import type { Command } from 'commander';
import { examples, type Run, readable } from '../options.ts';

/** What an admin does for a whole host. */
export function declareHost(host: Command, run: Run): void {
  readable(host, 'doctor', 'show which walls are in force on this host; exit 4 when one is missing')
    .addHelpText('after', examples('aiplat host doctor', 'aiplat host doctor --json'))
    .action((options) =>
      run(async (context) => (await import('./doctor.ts')).doctor(context), options.json === true),
    );
  const images = host.command('images').description('images that this host builds itself');
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
