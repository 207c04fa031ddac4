import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/**
 * The cache of compiled code lies beside the code itself, so that whoever may write the one may write the
 * other. It has to be on before the first large module loads, hence this file.
 */
enableCompileCache(join(import.meta.dirname, '.cache'));
await import('./cli.ts');
