// Behaves as Tailscale's programs do towards whoever starts them (tailscale/tailscale: cmd/containerboot/main.go and
// tailscaled.go, cmd/tailscale/cli/up.go), without a network behind: a node is a file of state, and a key whose text
// says so is used up.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as httpServer } from 'node:http';
import { createServer } from 'node:net';

const [, , program, ...args] = process.argv;
const env = process.env;
const flag = (name, words = args) =>
  words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);

const fail = (words) => {
  process.stderr.write(`${words}\n`);
  process.exit(1);
};

const statePath = () => `${env.TS_STATE_DIR}/tailscaled.state`;
const readState = () => (existsSync(statePath()) ? JSON.parse(readFileSync(statePath(), 'utf8')) : undefined);

/** The key is looked at by whoever has the network: it is known there or not, and the node stays the one of the state. */
function logIn(key, hostname) {
  if (!key?.startsWith('file:')) fail('the key stands on a command line');
  const text = readFileSync(key.slice('file:'.length), 'utf8');
  if (!text.startsWith('tskey-auth-')) fail('backend error: invalid key: unable to validate API key');
  if (text.includes('Used')) fail('backend error: invalid key: API key does not exist');
  const { id = `${process.pid}-${Date.now()}`, logins = 0 } = readState() ?? {};
  writeFileSync(statePath(), JSON.stringify({ id, logins: logins + 1, hostname }), { mode: 0o600 });
}

function containerboot() {
  if (env.TS_USERSPACE !== 'true' && process.getuid() !== 0)
    fail('CreateTUN("tailscale0") failed; /dev/net/tun');
  if (!existsSync(env.TS_SERVE_CONFIG)) fail('failed to read serve config');
  if (readState() === undefined || env.TS_AUTH_ONCE !== 'true') logIn(env.TS_AUTHKEY, env.TS_HOSTNAME);
  const [host, port] = env.TS_LOCAL_ADDR_PORT.split(':');
  if (env.TS_ENABLE_HEALTH_CHECK === 'true')
    httpServer((_request, response) => response.end('ok')).listen(Number(port), host);
  process.stdout.write('boot: Startup complete, waiting for shutdown signal\n');
}

const PROGRAMS = {
  containerboot,
  tailscaled() {
    if (flag('tun') !== 'userspace-networking')
      fail('CreateTUN("tailscale0") failed; /dev/net/tun does not exist');
    env.TS_STATE_DIR = flag('statedir');
    rmSync(flag('socket'), { force: true });
    createServer((peer) => peer.end()).listen(flag('socket'));
  },
  tailscale() {
    if (!existsSync(flag('socket')))
      fail('failed to connect to local tailscaled; it does not appear to be running');
    if (args.includes('up')) logIn(flag('auth-key'), flag('hostname'));
  },
};

process.on('SIGTERM', () => process.exit(0));
PROGRAMS[program]();
