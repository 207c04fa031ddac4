import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import Dockerode from 'dockerode';
import { answers, describeEngine, dockerHost, removeEngine, startEngine } from './private-engine.ts';

const TENANT = 'tenant-1001';
const SERVICES = 'caddy,prometheus,chroma,n8n';
const ROOT = join(import.meta.dirname, '..');
const HOME = join(ROOT, '.quickstart');
const CONFIG = join(HOME, 'config.json');
const ENGINE = describeEngine(join(HOME, 'engine'));
/** Remembers which engine the quickstart uses, for the run that stops it. */
const HOST_FILE = join(HOME, 'docker-host');
const SYSTEM_SOCKET = '/var/run/docker.sock';
/** Whether a registry knows this image decides where images come from; asking pulls nothing. */
const PROBE_IMAGE = 'caddy:2.11.4-alpine';
const PROBE_MS = 15_000;

const started = Date.now();
const say = (text: string): void => console.error(text);
const stage = (text: string): void =>
  say(`\n[${((Date.now() - started) / 1000).toFixed(0).padStart(3)} s] ${text}`);

/** Runs aiplat as a person would, with its output on this terminal. */
function aiplat(...args: string[]): void {
  say(`$ bin/aiplat ${args.join(' ')}`);
  const { status } = spawnSync(join(ROOT, 'bin/aiplat'), args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    say(
      '\nThe quickstart stopped there. Mend what the message names, then run the same command again: it goes on.',
    );
    process.exit(status ?? 1);
  }
}

/** The engine that is there already, or one of the quickstart's own. */
async function findEngine(): Promise<string> {
  if (process.env.DOCKER_HOST) return process.env.DOCKER_HOST;
  if (existsSync(SYSTEM_SOCKET) && (await answers(SYSTEM_SOCKET))) return `unix://${SYSTEM_SOCKET}`;
  await startEngine(ENGINE);
  return dockerHost(ENGINE);
}

async function hasRegistry(client: Dockerode): Promise<boolean> {
  const asked = client
    .getImage(PROBE_IMAGE)
    .distribution()
    .then(
      () => true,
      () => false,
    );
  return Promise.race([
    asked,
    new Promise<boolean>((resolve) => setTimeout(resolve, PROBE_MS, false).unref()),
  ]);
}

/** The host config of the quickstart; an existing one is kept, so that a second run decides nothing anew. */
async function writeConfig(host: string): Promise<{ images: string; confinement: string }> {
  if (existsSync(CONFIG)) return JSON.parse(readFileSync(CONFIG, 'utf8'));
  const client = new Dockerode({ socketPath: host.replace('unix://', '') });
  const info = (await client.info()) as { SecurityOptions?: string[] };
  const config = {
    dataRoot: join(HOME, 'mnt'),
    stateDir: join(HOME, 'state'),
    runDir: join(HOME, 'run'),
    logDir: join(HOME, 'log'),
    requireMount: false,
    confinement: info.SecurityOptions?.some((option) => option.includes('apparmor')) ? 'apparmor' : 'off',
    firewall: existsSync('/usr/sbin/nft') ? 'nftables' : 'off',
    images: (await hasRegistry(client)) ? 'official' : 'embedded',
  };
  writeFileSync(CONFIG, `${JSON.stringify(config, null, 2)}\n`);
  return config;
}

/** One request through Caddy to n8n, trusting the certificate authority that the tenant's Caddy made. */
function askN8n(): Promise<{ status: number; milliseconds: number }> {
  const base = join(HOME, `mnt/data-${TENANT}`);
  const port = /^CADDY_HTTPS_PORT=(\d+)$/m.exec(readFileSync(join(base, 'config/.env'), 'utf8'))?.[1] ?? '';
  const servername = `n8n.${TENANT}.datasquiz.net`;
  const ca = readFileSync(join(base, 'data/caddy/caddy/pki/authorities/local/root.crt'));
  const since = Date.now();
  const options = {
    host: '127.0.0.1',
    port,
    path: '/healthz',
    servername,
    headers: { Host: `${servername}:${port}` },
    ca,
  };
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, milliseconds: Date.now() - since });
    })
      .on('error', reject)
      .end();
  });
}

async function start(): Promise<void> {
  for (const name of ['mnt', 'state', 'run', 'engine'])
    mkdirSync(join(HOME, name), { recursive: true, mode: 0o755 });
  stage('Finding a Docker Engine');
  const host = await findEngine();
  writeFileSync(HOST_FILE, host);
  say(`${host} answers.`);
  const { images, confinement } = await writeConfig(host);
  process.env.DOCKER_HOST = host;
  process.env.AIPLAT_CONFIG = CONFIG;
  if (confinement === 'off')
    say(
      'The kernel has no AppArmor: containers are kept apart without it. Fine to look around, not to serve strangers.',
    );
  if (images === 'embedded') {
    stage('No registry answers: building the images here (minutes, once)');
    aiplat('host', 'images', 'build', ...SERVICES.split(','));
  }
  stage(`Setting up ${TENANT}`);
  aiplat('setup', '--tenant', TENANT, '--services', SERVICES, '--vector-db', 'chroma');
  stage(`Deploying ${TENANT}`);
  aiplat('deploy', '--tenant', TENANT);
  stage('How it is');
  aiplat('ops', 'status', '--tenant', TENANT);
  const { status, milliseconds } = await askN8n();
  say(`\nn8n answered ${status} through Caddy in ${milliseconds} ms.`);
  if (status !== 200) process.exit(1);
  stage('Done. To go on by hand:');
  console.log(`export AIPLAT_CONFIG=${CONFIG}\nexport DOCKER_HOST=${host}`);
  say(
    `bin/aiplat ops logs n8n --tenant ${TENANT}\n\nTo stop it all and leave nothing behind:\nnpm run quickstart -- --stop`,
  );
}

async function stop(): Promise<void> {
  if (!existsSync(HOME)) return say('Nothing to stop: the quickstart has nothing here.');
  if (existsSync(CONFIG)) {
    const host = readFileSync(HOST_FILE, 'utf8');
    if (host === dockerHost(ENGINE)) await startEngine(ENGINE);
    process.env.DOCKER_HOST = host;
    process.env.AIPLAT_CONFIG = CONFIG;
    stage(`Tearing ${TENANT} down`);
    aiplat('teardown', '--tenant', TENANT, '--delete-data', '--confirm', TENANT);
  }
  stage('Ending the engine and deleting its folder');
  await removeEngine(ENGINE);
  rmSync(HOME, { recursive: true, force: true });
  say('Nothing is left.');
}

await (process.argv.includes('--stop') ? stop() : start());
