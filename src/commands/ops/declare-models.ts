import type { Command } from 'commander';
import { changing, examples, type Run, tenantCommand } from '../options.ts';

/** The models on a tenant's volume. */
export function declareModels(ops: Command, run: Run): void {
  const models = ops.command('models').description("the models on a tenant's volume");
  tenantCommand(models, 'list', 'show the models: what serves them, their size')
    .addHelpText(
      'after',
      examples('aiplat ops models list', 'aiplat ops models list --tenant tenant-1001 --json'),
    )
    .action((options) =>
      run(
        async (context) => (await import('./models.ts')).listModels(context, options),
        options.json === true,
      ),
    );
  changing(tenantCommand(models, 'pull <model>', "bring a model from Ollama's library, or its newer version"))
    .addHelpText(
      'after',
      examples('aiplat ops models pull llama3.2:3b', 'aiplat ops models pull nomic-embed-text --dry-run'),
    )
    .action((model, options) =>
      run(
        async (context) => (await import('./pull-model.ts')).pullModel(context, model, options),
        options.json === true,
      ),
    );
  changing(tenantCommand(models, 'remove <model>', 'remove a model from the volume'))
    .addHelpText(
      'after',
      examples(
        'aiplat ops models remove llama3.2:3b',
        'aiplat ops models remove mine.gguf --tenant tenant-1001 --dry-run',
      ),
    )
    .action((model, options) =>
      run(
        async (context) => (await import('./remove-model.ts')).removeModel(context, model, options),
        options.json === true,
      ),
    );
}
