import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/**
 * The Docker client loads an SSH client and a gRPC stack at once for engines on other machines and for
 * BuildKit sessions; aiplat uses neither. Left out, the client loads in a third of the time.
 */
const withoutRemoteEngines: Plugin = {
  name: 'without-remote-engines',
  setup(bundler) {
    const filter = /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs)$/;
    bundler.onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }));
    bundler.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
  },
};

rmSync(join(root, 'dist'), { recursive: true, force: true });
await build({
  entryPoints: [join(root, 'src/start.ts')],
  outdir: join(root, 'dist'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [withoutRemoteEngines],
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
});

/** One run fills the compile cache, so that the first user does not wait for it. */
for (const args of [
  ['--version'],
  ['setup', '--tenant', 'tenant-1001', '--dry-run'],
  ['ops', 'status', '--tenant', 'tenant-1001'],
]) {
  try {
    execFileSync(join(root, 'bin/aiplat'), args, {
      stdio: 'ignore',
      env: { PATH: process.env.PATH ?? '', AIPLAT_CONFIG: '/nonexistent' },
    });
  } catch {
    // Without root or an engine the commands end early; what they loaded is in the cache all the same.
  }
}
