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
import { sumTap, type TapSum } from './tap.ts';

type Failure = TapSum['failures'][number];

/** What one run of the machine needs: `run.ts '{"root": …}'`. */
interface Request {
  /** Folder with root.img, vmlinuz and initrd. */
  readonly root: string;
  /** The disk with the engine's folder. */
  readonly engine: string;
  /** The disk with the project. */
  readonly project: string;
  readonly mode: 'tests' | 'shell';
  /** The files of each machine; machines run side by side. */
  readonly machines: readonly (readonly string[])[];
  readonly evidence: string;
  /** Where the counts go, for the sum of all tiers. */
  readonly results: string;
  readonly minutes: number;
}

const BOOTS = 2;
const VOLUMES = ['vol0123456789abcdef0', 'vol0fedcba9876543210'];
const RESULTS_BYTES = 256 * 1024 * 1024;
const LAST_LINES = 40;

/** One machine: what it was given, and what came back of it. */
interface Machine {
  readonly number: number;
  readonly files: readonly string[];
  readonly evidence: string;
  /** Its disks, and what it is told. */
  readonly work: string;
}

const request = JSON.parse(process.argv[2] ?? '{}') as Request;
const isShell = request.mode === 'shell';
const machines = request.machines.map((files, at): Machine => {
  const evidence = join(request.evidence, String(at + 1));
  return { number: at + 1, files, evidence, work: join(evidence, 'disks') };
});

rmSync(request.evidence, { recursive: true, force: true });
const lastWords = await Promise.all(machines.map(runMachine));
process.exitCode = report();

/** @returns its last words. */
async function runMachine(machine: Machine): Promise<string[]> {
  prepare(machine);
  let last: string[] = [];
  for (let boot = 1; boot <= BOOTS && !isDone(machine); boot++) {
    last = await startMachine(machine, boot);
    execFileSync('tar', ['-xf', join(machine.work, 'results.img'), '-C', machine.evidence, '--ignore-zeros']);
  }
  rmSync(machine.work, { recursive: true, force: true });
  return last;
}

function isDone({ evidence }: Machine): boolean {
  return existsSync(join(evidence, 'done'));
}

/** Every disk is a thin layer over the cached one, so that no run sees what another did. */
function prepare({ work, files }: Machine): void {
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
  writeFileSync(join(work, 'files'), `${files.join('\n')}\n`);
  const { columns = 120, rows = 40 } = process.stderr;
  writeFileSync(join(work, 'terminal'), `${columns} ${rows} ${process.env.TERM ?? 'vt220'}\n`);
  execFileSync('tar', ['-C', work, '-cf', join(work, 'results.img'), 'mode', 'files', 'terminal']);
  truncateSync(join(work, 'results.img'), RESULTS_BYTES);
}

function drive(work: string, name: string, format: string, more = ''): string[] {
  return ['-drive', `file=${join(work, name)},if=none,id=${name.split('.')[0]},format=${format}${more}`];
}

/** One boot, until the machine turns itself off. @returns its last words. */
async function startMachine({ number, evidence, work }: Machine, boot: number): Promise<string[]> {
  const virtio = (id: string): string[] => ['-device', `virtio-blk-pci,drive=${id},serial=${id}`];
  const options = [
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
    ...drive(work, 'root.qcow2', 'qcow2', ',cache=unsafe'),
    ...virtio('root'),
    ...drive(work, 'engine.qcow2', 'qcow2', ',cache=unsafe'),
    ...virtio('engine'),
    ...drive(work, 'project.qcow2', 'qcow2', ',cache=unsafe'),
    ...virtio('project'),
    ...drive(work, 'results.img', 'raw'),
    ...virtio('results'),
    ...VOLUMES.flatMap((name) => [
      ...drive(work, `${name}.img`, 'raw', ',cache=unsafe'),
      ...['-device', `nvme,drive=${name},serial=${name}`],
    ]),
  ];
  const child = spawn('qemu-system-x86_64', options, {
    stdio: [isShell ? 'inherit' : 'ignore', 'pipe', 'inherit'],
  });
  const log = createWriteStream(join(evidence, `console-${boot}`));
  const lines: string[] = [''];
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    log.write(chunk);
    if (isShell) return void process.stderr.write(chunk);
    const [first = '', ...rest] = chunk.split(/\r?\n/);
    lines.push((lines.pop() ?? '') + first, ...rest);
    for (const line of lines.slice(-rest.length - 1, -1)) console.error(`${number} │ ${line}`);
    lines.splice(0, lines.length - LAST_LINES);
  });
  const patience = isShell ? undefined : AbortSignal.timeout(request.minutes * 60_000);
  patience?.addEventListener('abort', () => child.kill('SIGKILL'));
  await new Promise((resolve) => child.on('exit', resolve));
  return lines;
}

function report(): number {
  if (isShell) return 0;
  const existing = (names: readonly string[]): string[] =>
    machines
      .flatMap(({ evidence }) => names.map((name) => join(evidence, name)))
      .filter((path) => existsSync(path));
  const texts = (...names: string[]): string[] => existing(names).map((path) => readFileSync(path, 'utf8'));
  const { passed, failures: broken } = sumTap(texts('tap-1', 'tap-2'));
  const failures = [...broken, ...machines.filter((machine) => !isDone(machine)).map(notEnded)];
  writeFileSync(request.results, JSON.stringify(resultsOf(passed, failures)));
  for (const { name, evidence } of failures) console.error(`✖ ${name}\n${evidence}`);
  const attacks = texts('attacks.jsonl').join('');
  if (attacks !== '') {
    const table = attackTable(attacks);
    writeFileSync(join(request.evidence, 'attacks.md'), table);
    console.error(table.slice(0, table.indexOf('\n')));
  }
  if (failures.length > 0) console.error(`Console, journal, kernel log and ruleset: ${request.evidence}`);
  return failures.length === 0 ? 0 : 1;
}

const notEnded = ({ number }: Machine): Failure => ({
  name: `Machine ${number} comes to its end`,
  evidence: `Its last words:\n${lastWords[number - 1]?.join('\n') ?? ''}`,
});

/** In the words of Vitest's JSON, which the sum of all tiers reads. */
function resultsOf(passed: number, failures: readonly Failure[]): object {
  const assertionResults = failures.map(({ name, evidence }) => ({
    status: 'failed',
    fullName: name,
    failureMessages: [evidence],
  }));
  const status = failures.length === 0 ? 'passed' : 'failed';
  return {
    numPassedTests: passed,
    numFailedTests: failures.length,
    testResults: [{ name: 'machine', status, assertionResults }],
  };
}
