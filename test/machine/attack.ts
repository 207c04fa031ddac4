import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { it } from 'node:test';
import { docker, must, run, sh } from './inside.ts';

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
}

/** Every attack is tried with the wall and, where it can be arranged, without. */
export function defend(attacks: readonly Attack[]): void {
  for (const { what, succeeds, wall } of attacks) {
    it(what, () => {
      assert.equal(succeeds(), false, 'the attempt succeeded');
      if (wall === undefined) return;
      wall.remove();
      try {
        assert.equal(
          succeeds(),
          true,
          `without ${wall.name} the attempt fails all the same: it proves nothing`,
        );
      } finally {
        wall.restore();
      }
      assert.equal(succeeds(), false, `with ${wall.name} back the attempt succeeded`);
    });
  }
}

/** A wall of modes: opened and closed by lines of shell. */
export const modes = (open: string, close: string): Wall => ({
  name: 'owners and modes',
  remove: () => must(sh(open)),
  restore: () => must(sh(close)),
});

export const firewall: Wall = {
  name: 'the firewall',
  remove: () => must(run('nft', ['delete', 'table', 'inet', 'aiplat'])),
  restore: () => must(run('nft', ['-f', '/var/lib/aiplat/firewall.nft'])),
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

/** A server on a socket of the host that has a name and no file. */
export function serveAbstract(name: string): () => void {
  const script = `require('net').createServer((s) => s.end()).listen('\\0${name}')`;
  const child = spawn(NODE, ['-e', script], { stdio: 'ignore' });
  return () => child.kill('SIGKILL');
}

/** Does a web server at this address answer to whoever runs this line of shell? */
export const asks = (url: string): string => `curl -s -k -o /dev/null --max-time 4 ${url}`;

/**
 * A container as an escape would have it: root, privileged, in the host's process list. What is left is
 * the profile, or nothing.
 */
export function escaped(image: string, profile: string, line: string, ...more: string[]): boolean {
  const flags = ['--privileged', '--pid=host', '--network=none', '--security-opt', `apparmor=${profile}`];
  return docker('run', '--rm', ...flags, ...more, '--entrypoint', 'sh', image, '-c', line).code === 0;
}

/** The attempt under the profile, and the same one unconfined. */
export function profiled(
  what: string,
  image: () => string,
  line: string | (() => string),
  ...more: string[]
): Attack {
  let profile = 'ai-platform-1002';
  const text = (): string => (typeof line === 'string' ? line : line());
  return {
    what,
    succeeds: () => escaped(image(), profile, text(), ...more),
    wall: {
      name: 'the AppArmor profile',
      remove: () => {
        profile = 'unconfined';
      },
      restore: () => {
        profile = 'ai-platform-1002';
      },
    },
  };
}
