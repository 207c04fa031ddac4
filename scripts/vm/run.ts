import { execFileSync, spawn } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { attackTable } from './attack-table.ts';
import { sumTap } from './tap.ts';

/** What one run of the machine needs: `run.ts '{"root": …}'`. */
interface Request {
  /** Folder with root.img, vmlinuz and initrd. */
  readonly root: string;
  /** The disk with the engine's folder. */
  readonly engine: string;
  /** The disk with the project. */
  readonly project: string;
  readonly mode: 'tests' | 'shell';
  readonly files: readonly string[];
  readonly evidence: string;
  /** Where the counts go, for the sum of all tiers. */
  readonly results: string;
  readonly minutes: number;
}

const BOOTS = 2;
const VOLUMES = ['vol0123456789abcdef0', 'vol0fedcba9876543210'];
const RESULTS_BYTES = 256 * 1024 * 1024;
const LAST_LINES = 40;

const request = JSON.parse(process.argv[2] ?? '{}') as Request;
const work = join(request.evidence, 'disks');
const isShell = request.mode === 'shell';

prepare();
let last: string[] = [];
for (let boot = 1; boot <= BOOTS && !existsSync(join(request.evidence, 'done')); boot++) {
  last = await startMachine(boot);
  execFileSync('tar', ['-xf', join(work, 'results.img'), '-C', request.evidence, '--ignore-zeros']);
}
process.exitCode = report();
rmSync(work, { recursive: true, force: true });

/** Every disk is a thin layer over the cached one, so that no run sees what another did. */
function prepare(): void {
  rmSync(request.evidence, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  for (const [name, base] of [
    ['root', join(request.root, 'root.img')],
    ['engine', request.engine],
    ['project', request.project],
  ] as const) {
    const layer = ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, join(work, `${name}.qcow2`)];
    execFileSync('qemu-img', layer);
  }
  for (const name of VOLUMES) execFileSync('truncate', ['-s', '2G', join(work, `${name}.img`)]);
  writeFileSync(join(work, 'mode'), request.mode);
  writeFileSync(join(work, 'files'), `${request.files.join('\n')}\n`);
  const { columns = 120, rows = 40 } = process.stderr;
  writeFileSync(join(work, 'terminal'), `${columns} ${rows} ${process.env.TERM ?? 'vt220'}\n`);
  execFileSync('tar', ['-C', work, '-cf', join(work, 'results.img'), 'mode', 'files', 'terminal']);
  truncateSync(join(work, 'results.img'), RESULTS_BYTES);
}

function drive(name: string, format: string, more = ''): string[] {
  return ['-drive', `file=${join(work, name)},if=none,id=${name.split('.')[0]},format=${format}${more}`];
}

/** One boot, until the machine turns itself off. @returns its last words. */
async function startMachine(boot: number): Promise<string[]> {
  const virtio = (id: string): string[] => ['-device', `virtio-blk-pci,drive=${id},serial=${id}`];
  const machine = [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '6144', '-no-reboot', '-nic', 'none'],
    // For a person Ctrl-C belongs to the shell inside; Ctrl-A X is the way out of a machine that hangs.
    ...[
      '-display',
      'none',
      ...(isShell ? ['-serial', 'mon:stdio'] : ['-serial', 'stdio', '-monitor', 'none']),
    ],
    ...['-kernel', join(request.root, 'vmlinuz'), '-initrd', join(request.root, 'initrd')],
    ...[
      '-append',
      'root=/dev/vda rw console=ttyS0 quiet loglevel=3 apparmor=1 security=apparmor systemd.show_status=0',
    ],
    ...drive('root.qcow2', 'qcow2', ',cache=unsafe'),
    ...virtio('root'),
    ...drive('engine.qcow2', 'qcow2', ',cache=unsafe'),
    ...virtio('engine'),
    ...drive('project.qcow2', 'qcow2', ',cache=unsafe'),
    ...virtio('project'),
    ...drive('results.img', 'raw'),
    ...virtio('results'),
    ...VOLUMES.flatMap((name) => [
      ...drive(`${name}.img`, 'raw', ',cache=unsafe'),
      ...['-device', `nvme,drive=${name},serial=${name}`],
    ]),
  ];
  const child = spawn('qemu-system-x86_64', machine, {
    stdio: [isShell ? 'inherit' : 'ignore', 'pipe', 'inherit'],
  });
  const log = createWriteStream(join(request.evidence, `console-${boot}`));
  const lines: string[] = [''];
  child.stdout?.on('data', (chunk: Buffer) => {
    log.write(chunk);
    process.stderr.write(chunk);
    lines.push(...chunk.toString('utf8').split(/\r?\n/));
    lines.splice(0, lines.length - LAST_LINES);
  });
  const patience = isShell ? undefined : AbortSignal.timeout(request.minutes * 60_000);
  patience?.addEventListener('abort', () => child.kill('SIGKILL'));
  await new Promise((resolve) => child.on('exit', resolve));
  return lines;
}

function report(): number {
  if (isShell) return 0;
  const taps = [1, 2].map((boot) => join(request.evidence, `tap-${boot}`)).filter((path) => existsSync(path));
  const sum = sumTap(taps.map((path) => readFileSync(path, 'utf8')));
  const isWhole = existsSync(join(request.evidence, 'done'));
  const failed = sum.failed + (isWhole ? 0 : 1);
  writeFileSync(request.results, JSON.stringify({ numPassedTests: sum.passed, numFailedTests: failed }));
  if (!isWhole) console.error(`✖ The machine did not come to its end. Its last words:\n${last.join('\n')}`);
  for (const { name, evidence } of sum.failures) console.error(`✖ ${name}\n${evidence}`);
  const attacks = join(request.evidence, 'attacks.jsonl');
  if (existsSync(attacks)) {
    const table = attackTable(readFileSync(attacks, 'utf8'));
    writeFileSync(join(request.evidence, 'attacks.md'), table);
    console.error(table.slice(0, table.indexOf('\n')));
  }
  if (failed > 0) console.error(`Console, journal, kernel log and ruleset: ${request.evidence}`);
  return failed === 0 ? 0 : 1;
}
