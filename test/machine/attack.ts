import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import type { Tried } from '../../scripts/vm/attack-table.ts';
import { docker, must, run, sh } from './inside.ts';

const EVIDENCE = '/var/lib/aiplat-tests/attacks.jsonl';

/** One attempt on a wall. */
export interface Attack {
  readonly what: string;
  /** Does the attacker get what they want? */
  readonly succeeds: () => boolean;
  /** Takes away the one wall that is meant to stop it, and puts it back. Then the attempt has to succeed. */
  readonly wall?: Wall;
}

export interface Wall {
  readonly name: string;
  readonly remove: () => void;
  readonly restore: () => void;
  /** `restore` makes sure by itself that all is as before, so a third attempt could say nothing new. */
  readonly isAsBefore?: true;
}

/** Every attack is tried with the wall and, where it can be arranged, without; what came of it is evidence. */
export function defend(attacks: readonly Attack[]): void {
  for (const attack of attacks) {
    it(attack.what, ({ fullName }) => {
      const where = fullName.split(' > ').slice(0, -1).join(', ');
      const { succeeded, without } = tryOut(attack);
      const tried: Tried = { where, what: attack.what, succeeded, ...(without && { without }) };
      appendFileSync(EVIDENCE, `${JSON.stringify(tried)}\n`);
      assert.equal(succeeded, false, 'the attempt succeeded');
      assert.notEqual(
        without?.succeeded,
        false,
        `without ${without?.wall} the attempt fails all the same: it proves nothing`,
      );
    });
  }
}

/** With the wall, without it, and with it once more. */
function tryOut({ succeeds, wall }: Attack): Pick<Tried, 'succeeded' | 'without'> {
  const succeeded = succeeds();
  if (succeeded || wall === undefined) return { succeeded };
  wall.remove();
  const without = { wall: wall.name, succeeded: false };
  try {
    without.succeeded = succeeds();
  } finally {
    wall.restore();
  }
  return { succeeded: wall.isAsBefore === true ? false : succeeds(), without };
}

/** A wall of modes: opened and closed by lines of shell. */
export const modes = (open: string, close: string): Wall => ({
  name: 'owners and modes',
  remove: () => must(sh(open)),
  restore: () => must(sh(close)),
});

/** The table without its counters. */
const table = (): string => must(run('nft', ['-s', 'list', 'table', 'inet', 'aiplat']));
let raised = '';

/** Taken out of the kernel, and loaded again from the file of the next boot: it has to be the same then. */
export const firewall: Wall = {
  name: 'the firewall',
  isAsBefore: true,
  remove: () => {
    raised = table();
    must(run('nft', ['delete', 'table', 'inet', 'aiplat']));
  },
  restore: () => {
    must(run('nft', ['-f', '/var/lib/aiplat/firewall.nft']));
    assert.equal(table(), raised);
  },
};

const NODE = '/opt/aiplat/node_modules/node/bin/node';

/** A server that goes on until the test process ends, in the network of `world` or of the host, as this user. */
export function serve(
  word: string,
  address: string,
  port: number,
  where: readonly string[] = [],
): () => void {
  const script = `require('http').createServer((q, s) => s.end('${word}')).listen(${port}, '${address}')`;
  const [program = NODE, ...args] = [...where, NODE, '-e', script];
  const child = spawn(program, args, { stdio: 'ignore' });
  return () => child.kill('SIGKILL');
}

/** A name server that knows no name and writes down what it was asked. */
export function serveNames(address: string, log: string, where: readonly string[] = []): () => void {
  const script = `
    const socket = require('dgram').createSocket('udp4');
    socket.on('message', (text, from) => {
      require('fs').appendFileSync('${log}', text.toString('latin1') + '\\n');
      text[2] |= 0x80;
      text[3] = 0x83;
      socket.send(text, from.port, from.address);
    });
    socket.bind(53, '${address}');`;
  const [program = NODE, ...args] = [...where, NODE, '-e', script];
  const child = spawn(program, args, { stdio: 'ignore' });
  return () => child.kill('SIGKILL');
}

/** A server as `serve` makes it, run by this user, once it listens. */
export function serveAs(user: number, word: string, address: string, port: number): () => void {
  const ids = ['--reuid', String(user), '--regid', String(user), '--clear-groups'];
  const end = serve(word, address, port, ['setpriv', ...ids]);
  must(
    sh(`for i in $(seq 60); do ss -ltn | grep -q '${address}:${port} ' && exit 0; sleep 0.5; done; exit 1`),
  );
  return end;
}

/** A server on a socket of the host that has a name and no file. */
export function serveAbstract(name: string): () => void {
  const script = `require('net').createServer((s) => s.end()).listen('\\0${name}')`;
  const child = spawn(NODE, ['-e', script], { stdio: 'ignore' });
  return () => child.kill('SIGKILL');
}

/** Does a web server at this address answer to whoever runs this line of shell? */
export const asks = (url: string): string => `curl -s -k -o /dev/null --max-time 4 ${url}`;

/** Is there an address for this name, by the resolver of whoever runs this line? It waits for one answer (resolv.conf(5)). */
export const asksName = (name: string): string => `RES_OPTIONS='timeout:4 attempts:1' getent hosts ${name}`;

const ESCAPED = { 'escaped-confined': 'ai-platform-1002', 'escaped-bare': 'unconfined' } as const;

/**
 * Two containers as an escape would have them: root, with all capabilities and system calls, in the host's process list, with files of
 * others mounted. What is left to the first is the profile, to the second nothing.
 */
export function withEscaped(image: () => string, mounts: readonly string[]): void {
  // Not --privileged: in such a container Docker 28 starts what it executes later without the given profile.
  const rights = [
    '--cap-add=ALL',
    '--security-opt=seccomp=unconfined',
    '--security-opt=systempaths=unconfined',
  ];
  const flags = [
    ...rights,
    '--pid=host',
    '--cgroupns=host',
    '--network=none',
    '--tmpfs',
    '/tmp:exec',
    ...mounts,
  ];
  before(() => {
    for (const [name, profile] of Object.entries(ESCAPED)) {
      const who = ['--name', name, '--security-opt', `apparmor=${profile}`, '--entrypoint', 'sleep'];
      must(docker('run', '-d', ...flags, ...who, image(), 'infinity'));
    }
  });
  after(() => docker('rm', '-f', ...Object.keys(ESCAPED)));
}

/** The attempt under the profile, and the same one unconfined. */
export function profiled(what: string, line: string | (() => string)): Attack {
  let container: keyof typeof ESCAPED = 'escaped-confined';
  const text = (): string => (typeof line === 'string' ? line : line());
  return {
    what,
    succeeds: () => docker('exec', '-u', '0', container, 'sh', '-c', text()).code === 0,
    wall: {
      name: 'the AppArmor profile',
      isAsBefore: true,
      remove: () => {
        container = 'escaped-bare';
      },
      restore: () => {
        container = 'escaped-confined';
      },
    },
  };
}
