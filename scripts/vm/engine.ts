import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { describeEngine, dockerHost, startEngine, stopEngine } from '../private-engine.ts';

/** `engine.ts DISK IMAGE…`: a disk with the folder of an engine that has these images of the engine at DOCKER_HOST. */
const [disk = '', ...images] = process.argv.slice(2);
const DISK_BYTES = '16G';

const partial = `${disk}.partial`;
const mount = `${disk}.mount`;
rmSync(partial, { force: true });
mkdirSync(mount, { recursive: true });
execFileSync('truncate', ['-s', DISK_BYTES, partial]);
execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', partial]);
execFileSync('mount', ['-o', 'loop', partial, mount]);
const engine = describeEngine(mount);
try {
  await startEngine(engine);
  // Natively, before the machine is emulated: minutes instead of an hour.
  const copy = `docker save ${images.join(' ')} | DOCKER_HOST=${dockerHost(engine)} docker load`;
  execFileSync('sh', ['-c', copy], { stdio: ['ignore', 'ignore', 'inherit'] });
} finally {
  await stopEngine(engine);
  execFileSync('umount', [mount]);
  if (existsSync(mount)) rmSync(mount, { recursive: true });
}
renameSync(partial, disk);
