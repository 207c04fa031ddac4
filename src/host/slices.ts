import { existsSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { groupDirectories, readFirst, slicePath } from './cgroups.ts';
import { realFiles } from './files.ts';
import type { GroupDirectory, Slice, SliceLimits, Slices, SliceUsage } from './host.ts';
import { systemctl, unitPath } from './units.ts';

const CONTROLLERS = ['memory', 'pids', 'cpu', 'cpuacct', 'cpu,cpuacct', 'blkio'];
/** Those of v1 that tell of use. Where two are one, either name leads there. */
const TELLING = ['cpuacct', 'memory', 'pids', 'blkio'];

/** Control groups of tenants: units of systemd, or directories where no systemd makes them. */
export const realSlices: Slices = {
  directories: async (slice) => shownDirectories(slicePath(slice.parent)),
  limits,
  usage,
  apply: (slice, wanted) =>
    slice.driver === 'systemd' ? applyUnit(slice.parent, wanted) : applyFiles(slice.parent, wanted),
  remove: (slice) => (slice.driver === 'systemd' ? removeUnit(slice.parent) : removeGroups(slice.parent)),
};

const directoriesOf = ({ parent }: Slice): string[] => groupDirectories(slicePath(parent), CONTROLLERS);

/** Both must agree: the unit that the next boot reads, and the kernel. */
async function limits(slice: Slice): Promise<Partial<SliceLimits> | undefined> {
  const inForce = await limitsOfKernel(directoriesOf(slice));
  if (inForce === undefined || slice.driver !== 'systemd') return inForce;
  const unit = await realFiles.readText(unitPath(slice.parent), 64 * 1024);
  const written = unit === undefined ? undefined : limitsOfUnit(unit);
  return written === undefined ? undefined : { ...written, ...inForce };
}

async function limitsOfKernel(directories: readonly string[]): Promise<Partial<SliceLimits> | undefined> {
  const [memory, pids, weight, shares] = await Promise.all([
    readEither(directories, 'memory.max', 'memory.limit_in_bytes'),
    readFirst(directories, 'pids.max'),
    readFirst(directories, 'cpu.weight'),
    readFirst(directories, 'cpu.shares'),
  ]);
  if (memory === undefined && pids === undefined) return undefined;
  const cpuWeight = weight ?? (shares === undefined ? undefined : String(weightOf(Number(shares))));
  return {
    ...(memory === undefined ? {} : { memoryBytes: Number(memory) }),
    ...(pids === undefined ? {} : { pids: Number(pids) }),
    ...(cpuWeight === undefined ? {} : { cpuWeight: Number(cpuWeight) }),
  };
}

const readEither = async (directories: readonly string[], ...names: string[]): Promise<string | undefined> =>
  (await Promise.all(names.map((name) => readFirst(directories, name)))).find((text) => text !== undefined);

async function usage(slice: Slice): Promise<SliceUsage | undefined> {
  const directories = directoriesOf(slice);
  const [memory, pids] = await Promise.all([
    readEither(directories, 'memory.current', 'memory.usage_in_bytes'),
    readFirst(directories, 'pids.current'),
  ]);
  return memory === undefined || pids === undefined
    ? undefined
    : { memoryBytes: Number(memory), pids: Number(pids) };
}

/** cpu.shares of v1, 1024 by default, for a weight of v2, 100 by default. */
const sharesOf = (weight: number): number => Math.max(2, Math.round((weight * 1024) / 100));
const weightOf = (shares: number): number => Math.round((shares * 100) / 1024);

const unitText = ({ cpuWeight, ioWeight, memoryBytes, pids }: SliceLimits): string =>
  `# Written by aiplat: change the quota in its host config.
[Slice]
CPUWeight=${cpuWeight}
IOWeight=${ioWeight}
MemoryMax=${memoryBytes}
MemorySwapMax=0
TasksMax=${pids}
`;

function limitsOfUnit(text: string): Partial<SliceLimits> {
  const value = (key: string): number => Number(new RegExp(`^${key}=(\\d+)$`, 'm').exec(text)?.[1]);
  return {
    cpuWeight: value('CPUWeight'),
    ioWeight: value('IOWeight'),
    memoryBytes: value('MemoryMax'),
    pids: value('TasksMax'),
  };
}

async function applyUnit(parent: string, wanted: SliceLimits): Promise<void> {
  await realFiles.writeText(unitPath(parent), unitText(wanted), { uid: 0, gid: 0, mode: 0o644 });
  await systemctl('daemon-reload');
  await systemctl('start', parent);
}

async function removeUnit(parent: string): Promise<void> {
  await systemctl('stop', parent);
  await realFiles.removeTree(unitPath(parent));
  await systemctl('daemon-reload');
}

/** One hierarchy in v2; in v1 one a controller, as far as this kernel has them. */
async function applyFiles(parent: string, wanted: SliceLimits): Promise<void> {
  const values: Readonly<Record<string, string>> = {
    'cpu.weight': String(wanted.cpuWeight),
    'io.weight': String(wanted.ioWeight),
    'memory.max': String(wanted.memoryBytes),
    'memory.swap.max': '0',
    'pids.max': String(wanted.pids),
    'cpu.shares': String(sharesOf(wanted.cpuWeight)),
    'memory.limit_in_bytes': String(wanted.memoryBytes),
  };
  for (const directory of existingHierarchies(parent)) {
    await mkdir(directory, { recursive: true });
    await delegate(dirname(directory));
    for (const [name, value] of Object.entries(values)) {
      if (existsSync(`${directory}/${name}`)) await writeFile(`${directory}/${name}`, value);
    }
  }
}

/** In v2 a group has a control only when its parent hands it on. */
async function delegate(directory: string): Promise<void> {
  for (const level of [dirname(directory), directory]) {
    const file = `${level}/cgroup.subtree_control`;
    if (!existsSync(file)) continue;
    for (const control of ['+memory', '+pids', '+cpu', '+io'])
      await writeFile(file, control).catch(() => undefined);
  }
}

const isUnified = (): boolean => existsSync('/sys/fs/cgroup/cgroup.controllers');

const shownDirectories = (path: string): GroupDirectory[] =>
  isUnified()
    ? [{ name: 'unified', path: `/sys/fs/cgroup${path}` }]
    : TELLING.filter((name) => existsSync(`/sys/fs/cgroup/${name}`)).map((name) => ({
        name,
        path: `/sys/fs/cgroup/${name}${path}`,
      }));

const existingHierarchies = (parent: string): string[] =>
  isUnified()
    ? [`/sys/fs/cgroup${parent}`]
    : CONTROLLERS.map((controller) => `/sys/fs/cgroup/${controller}`)
        .filter((root) => existsSync(root))
        .map((root) => root + parent);

async function removeGroups(parent: string): Promise<void> {
  for (const directory of existingHierarchies(parent)) {
    await rmdir(directory).catch((thrown: { code?: string }) => {
      if (thrown.code !== 'ENOENT') throw thrown;
    });
  }
}
