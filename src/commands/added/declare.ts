import { type Command, InvalidArgumentError, Option } from 'commander';
import { changing, count, examples, list, type Run, readable, tenantCommand } from '../options.ts';

/** What an admin puts beside the catalogue of one tenant. */
export function declareAdded(program: Command, run: Run): void {
  declareAdd(program, run);
  declareRemove(program, run);
  declareList(program, run);
}

const port = (text: string): number => {
  const number = count(text);
  if (number < 1 || number > 65535) throw new InvalidArgumentError('Write a port from 1 to 65535.');
  return number;
};

const collect = (text: string, before: readonly string[] = []): string[] => [...before, text];

function declareAdd(program: Command, run: Run): void {
  changing(
    readable(program, 'add-service', "put one more container into a tenant's stack, for good (an admin)"),
  )
    .argument('<tenant>', 'whose stack, such as tenant-1001')
    .argument('<name>', 'its name: of its address, its data, its profile')
    .argument('<image>', 'with its tag or digest, as "addedImages" of the host config allows')
    .argument('<port>', 'on which it listens inside its container', port)
    .option('--env <key=value>', 'a setting that is no secret; again for each', collect)
    .option('--env-file <path>', 'its settings that nobody else may read, KEY=value in lines')
    .option('--mount <path>', 'where it keeps data, inside its container; again for each', collect)
    .option('--health <check>', 'a page such as /healthz, or a command of the image')
    .option('--memory <mb>', 'how much memory it may use', count, 512)
    .option('--read-write-root', 'its root file system may be written')
    .addOption(
      new Option('--run-as <uid>', 'whose UID its processes have')
        .choices(['tenant', 'openclaw'])
        .default('tenant'),
    )
    .option('--no-route', 'no page behind Caddy: its port alone')
    .option('--needs <services>', 'services that have to be healthy first, with commas between them', list)
    .option('--force', 'go on although memory or disk will not do')
    .option('--timeout <seconds>', 'how long it may take to become healthy', count, 300)
    .addHelpText(
      'after',
      examples(
        'aiplat add-service tenant-1001 papers docker.io/chromadb/chroma:1.5.9 8000 --mount /data',
        'aiplat add-service tenant-1001 wiki ghcr.io/requarks/wiki:2.5.308 3000 --needs postgres --env-file /root/wiki.env --dry-run',
      ),
    )
    .action((tenant, name, image, inside, options) =>
      run(
        async (context) =>
          (await import('./add.ts')).addService(context, { tenant, name, image, port: inside }, options),
        options.json === true,
      ),
    );
}

function declareRemove(program: Command, run: Run): void {
  changing(readable(program, 'remove-service', 'take an added service away; data only when asked (an admin)'))
    .argument('<tenant>', 'whose stack, such as tenant-1001')
    .argument('<name>', 'the added service')
    .option('--delete-data', 'delete its data as well')
    .option('--confirm <tenant>', "the tenant's name once more, instead of typing it when asked")
    .addHelpText(
      'after',
      examples(
        'aiplat remove-service tenant-1001 papers --dry-run',
        'aiplat remove-service tenant-1001 papers --delete-data --confirm tenant-1001',
      ),
    )
    .action((tenant, name, options) =>
      run(
        async (context) => (await import('./remove.ts')).removeService(context, tenant, name, options),
        options.json === true,
      ),
    );
}

function declareList(program: Command, run: Run): void {
  tenantCommand(program, 'list-services', 'show what an admin added to a stack')
    .argument('[tenant]', 'the same as --tenant')
    .addHelpText('after', examples('aiplat list-services', 'aiplat list-services tenant-1001 --json'))
    .action((tenant, options) =>
      run(
        async (context) => (await import('./list.ts')).listServices(context, tenant, options),
        options.json === true,
      ),
    );
}
