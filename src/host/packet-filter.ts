import { access } from 'node:fs/promises';
import { AiplatError, EXIT } from '../errors.ts';
import { realCommands } from './commands.ts';
import type { PacketFilter } from './host.ts';

const NFT = '/usr/sbin/nft';
const TABLE = ['inet', 'aiplat'];

/** nftables, through its program: the one way in that every version of it has. */
export const realPacketFilter: PacketFilter = { hasProgram, table, load, remove };

function hasProgram(): Promise<boolean> {
  return access(NFT).then(
    () => true,
    () => false,
  );
}

async function table(): Promise<string | undefined> {
  if (!(await hasProgram())) return undefined;
  const lines: string[] = [];
  const args = ['--json', 'list', 'table', ...TABLE];
  const { exitCode } = await realCommands.run(NFT, args, (line) => lines.push(line));
  return exitCode === 0 ? lines.join('\n') : undefined;
}

async function load(path: string): Promise<void> {
  const { exitCode, output } = await realCommands.run(NFT, ['-f', path]);
  if (exitCode === 0) return;
  throw new AiplatError({
    what: 'The firewall cannot be loaded.',
    why: `nft answered ${exitCode}: ${output.trim()}`,
    fix: `Try it by hand: nft -c -f ${path}. What was in force before is in force still.`,
    exitCode: EXIT.notReady,
  });
}

async function remove(): Promise<void> {
  if ((await table()) !== undefined) await realCommands.run(NFT, ['delete', 'table', ...TABLE]);
}
