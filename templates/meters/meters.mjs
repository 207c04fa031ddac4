// The meters of one tenant, for Prometheus: what its containers use, whether its services answer, how full its
// volume is, until when its certificates are good. It sees the control groups of this tenant alone, read-only,
// and knows no engine: the engine's own name server says which container is which service.
import { readdir, readFile, statfs } from 'node:fs/promises';
import { Resolver } from 'node:dns/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

const PORT = 9101;
/** Prometheus waits ten seconds for the whole page. */
const PATIENCE_MS = 5000;
/** A container in a control group: `docker-ID.scope` where systemd makes the groups, else `ID`. */
const GROUP = /^(?:docker-)?([0-9a-f]{64})(?:\.scope)?$/;

const resolver = new Resolver({ timeout: 1000, tries: 2 });
const addressesOf = (name) => resolver.resolve4(name).catch(() => []);

/** The text of the first of these files below the groups' directories that is there. */
async function readFirst(groups, below, names) {
  const folders = await readdir(groups).catch(() => []);
  for (const name of names) {
    for (const folder of folders) {
      const text = await readFile(`${groups}/${folder}${below}/${name}`, 'utf8').catch(() => undefined);
      if (text !== undefined) return text.trim();
    }
  }
  return undefined;
}

const valueIn = (text, key) => {
  const found = new RegExp(`^${key} (\\d+)$`, 'm').exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
};

/** A group that never touched a disk has a file without lines. */
const sumOf = (text, pattern) =>
  text === undefined ? undefined : [...text.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);

/** `max` in v2, and in v1 a number near 2^63, are no limit. */
const limitIn = (text) => {
  const limit = Number(text);
  return Number.isFinite(limit) && limit < 2 ** 60 ? limit : undefined;
};

const numberIn = (text) => (text === undefined ? undefined : Number(text));

/** What one control group uses, all its children included; undefined what this kernel does not tell. */
export async function readGroup(groups, below) {
  const read = (...names) => readFirst(groups, below, names);
  const [cpu, nanos, stat, memory, limit, threads, maxThreads, events, io, throttle] = await Promise.all([
    read('cpu.stat'),
    read('cpuacct.usage'),
    read('memory.stat'),
    read('memory.current', 'memory.usage_in_bytes'),
    read('memory.max', 'memory.limit_in_bytes'),
    read('pids.current'),
    read('pids.max'),
    read('memory.events', 'memory.oom_control'),
    read('io.stat'),
    read('blkio.throttle.io_service_bytes_recursive', 'blkio.throttle.io_service_bytes'),
  ]);
  const micros = valueIn(cpu, 'usage_usec');
  const cached = valueIn(stat, 'total_inactive_file') ?? valueIn(stat, 'inactive_file') ?? 0;
  return {
    cpuSeconds: nanos === undefined ? micros && micros / 1e6 : Number(nanos) / 1e9,
    memoryBytes: numberIn(memory),
    // Pages of files that the kernel may drop are no use of the service's.
    workingSetBytes: memory === undefined ? undefined : Math.max(0, Number(memory) - cached),
    memoryLimitBytes: limitIn(limit),
    threads: numberIn(threads),
    maxThreads: limitIn(maxThreads),
    oomKills: valueIn(events, 'oom_kill'),
    readBytes: sumOf(io, /\brbytes=(\d+)/g) ?? sumOf(throttle, /^\d+:\d+ Read (\d+)$/gm),
    writtenBytes: sumOf(io, /\bwbytes=(\d+)/g) ?? sumOf(throttle, /^\d+:\d+ Write (\d+)$/gm),
  };
}

/** The containers that run, by the names of their groups. */
export async function findContainers(groups) {
  const folders = await readdir(groups).catch(() => []);
  const names = (await Promise.all(folders.map((folder) => readdir(`${groups}/${folder}`).catch(() => [])))).flat();
  return [...new Set(names)].flatMap((group) => {
    const id = GROUP.exec(group)?.[1];
    return id === undefined ? [] : [{ id, group }];
  });
}

/** The engine's name server knows each container by the first twelve letters of its id, too. */
async function nameContainers(containers, services, known) {
  const unknown = containers.filter(({ id }) => !known.has(id));
  if (unknown.length === 0) return;
  const owners = new Map();
  for (const service of services) for (const address of await addressesOf(service.name)) owners.set(address, service);
  for (const { id } of unknown) {
    const [address] = await addressesOf(id.slice(0, 12));
    if (owners.has(address)) known.set(id, owners.get(address));
  }
}

/** Does the service answer its own health question, put from here? Without a question, a connection is enough. */
export async function answers({ url, host, port }) {
  if (url !== undefined) {
    const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
    await answer?.body?.cancel();
    return answer !== undefined && answer.status < 400;
  }
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE_MS });
    const end = (isOpen) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true)).once('timeout', () => end(false)).once('error', () => end(false));
  });
}

/** What a server presents under this name. Whether it is to be trusted is a browser's question. */
const certificateOf = ({ host, port }, servername) =>
  new Promise((resolve) => {
    const socket = connectTls({ host, port, servername, rejectUnauthorized: false, timeout: PATIENCE_MS });
    const end = (certificate) => {
      socket.destroy();
      resolve(certificate);
    };
    socket
      .once('secureConnect', () => end(socket.getPeerCertificate()))
      .once('timeout', () => end(undefined))
      .once('error', () => end(undefined));
  });

const METRICS = {
  container_cpu_usage_seconds_total: ['counter', 'CPU time used', 'cpuSeconds'],
  container_memory_usage_bytes: ['gauge', 'Memory used, file cache included', 'memoryBytes'],
  container_memory_working_set_bytes: ['gauge', 'Memory used that cannot be dropped', 'workingSetBytes'],
  container_spec_memory_limit_bytes: ['gauge', 'Memory that it may use', 'memoryLimitBytes'],
  container_threads: ['gauge', 'Processes and threads', 'threads'],
  container_threads_max: ['gauge', 'Processes and threads that it may have', 'maxThreads'],
  container_oom_events_total: ['counter', 'Processes that were stopped because memory ran out', 'oomKills'],
  container_fs_reads_bytes_total: ['counter', 'Bytes read from disks', 'readBytes'],
  container_fs_writes_bytes_total: ['counter', 'Bytes written to disks', 'writtenBytes'],
};

const labelText = (labels) =>
  Object.entries(labels)
    .map(([key, value]) => `${key}="${String(value).replace(/[\\"\n]/g, (letter) => (letter === '\n' ? '\\n' : `\\${letter}`))}"`)
    .join(',');

/** The text format of Prometheus. */
function exposition() {
  const families = new Map();
  return {
    add(name, type, help, labels, value) {
      if (value === undefined || Number.isNaN(value)) return;
      const lines = families.get(name) ?? [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
      const braces = Object.keys(labels).length === 0 ? '' : `{${labelText(labels)}}`;
      families.set(name, [...lines, `${name}${braces} ${value}`]);
    },
    text: () => `${[...families.values()].flat().join('\n')}\n`,
  };
}

async function addContainers(page, { groups, services }, known) {
  const containers = await findContainers(groups);
  await nameContainers(containers, services, known);
  for (const id of known.keys()) if (!containers.some((one) => one.id === id)) known.delete(id);
  for (const { id, group } of containers) {
    const service = known.get(id);
    const labels = { service: service?.name ?? '', name: service?.container ?? id.slice(0, 12) };
    const use = await readGroup(groups, `/${group}`);
    for (const [name, [type, help, key]] of Object.entries(METRICS)) page.add(name, type, help, labels, use[key]);
  }
  const all = await readGroup(groups, '');
  for (const [name, [type, help, key]] of Object.entries(METRICS)) {
    page.add(name.replace(/^container_/, 'aiplat_tenant_'), type, `${help}, by all containers together`, {}, all[key]);
  }
  return new Set([...known.values()].map(({ name }) => name));
}

async function addServices(page, { services }, running) {
  await Promise.all(
    services.map(async ({ name, probe }) => {
      const isRunning = running.has(name);
      const isUp = isRunning && (probe === undefined || (await answers(probe)));
      page.add('aiplat_service_running', 'gauge', 'Whether its container runs', { service: name }, Number(isRunning));
      page.add('aiplat_service_up', 'gauge', 'Whether it answers', { service: name }, Number(isUp));
    }),
  );
}

async function addVolume(page, { volume }) {
  const { bsize, blocks, bavail, files, ffree } = await statfs(volume);
  page.add('aiplat_volume_size_bytes', 'gauge', "Size of the tenant's volume", {}, bsize * blocks);
  page.add('aiplat_volume_avail_bytes', 'gauge', "Bytes left on the tenant's volume", {}, bsize * bavail);
  // Some file systems make inodes as they need them, and say that there are none.
  if (files === 0) return;
  page.add('aiplat_volume_files', 'gauge', 'Files that the volume has room for', {}, files);
  page.add('aiplat_volume_files_free', 'gauge', 'Files that still can be made', {}, ffree);
}

async function addCertificates(page, { tls }) {
  if (tls === undefined) return;
  await Promise.all(
    tls.names.map(async (hostname) => {
      const certificate = await certificateOf(tls, hostname);
      const seconds = (text) => (text === undefined ? undefined : Date.parse(text) / 1000);
      const add = (name, help, value) => page.add(name, 'gauge', help, { hostname }, value);
      add('aiplat_certificate_served', 'Whether a certificate is served', Number(certificate?.valid_to !== undefined));
      add('aiplat_certificate_not_before_seconds', 'Begin of its validity', seconds(certificate?.valid_from));
      add('aiplat_certificate_not_after_seconds', 'End of its validity', seconds(certificate?.valid_to));
    }),
  );
}

/** @param known container id → its service, kept from one look to the next. */
export async function metricsPage(config, known) {
  const page = exposition();
  const running = await addContainers(page, config, known);
  await Promise.all([addServices(page, config, running), addVolume(page, config), addCertificates(page, config)]);
  return page.text();
}

export function serve(config, port = PORT) {
  const known = new Map();
  const server = createServer((request, response) => {
    if (request.url === '/healthz') return response.end('ok\n');
    if (request.url !== '/metrics') return response.writeHead(404).end();
    metricsPage(config, known).then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text),
      (error) => {
        process.stderr.write(`${error.stack}\n`);
        response.writeHead(500).end();
      },
    );
  });
  return server.listen(port);
}

if (import.meta.main) {
  const server = serve(JSON.parse(await readFile(process.argv[2], 'utf8')));
  process.once('SIGTERM', () => server.close(() => process.exit(0)).closeAllConnections());
}
