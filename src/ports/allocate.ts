import { AiplatError, EXIT } from '../errors.ts';
import type { PortBlock } from '../tenant/numbers.ts';
import { PORT_KEYS, PORT_OFFSETS, type PortKey } from './block.ts';

export type PortChoice = Readonly<Record<PortKey, number>>;

/** A port that had to go elsewhere, and who sits on it. */
export interface MovedPort {
  readonly key: PortKey;
  readonly from: number;
  readonly to: number;
  readonly holder: string;
}

export interface Allocation {
  readonly ports: PortChoice;
  readonly moved: readonly MovedPort[];
}

/** Port → who holds it, in words. */
export type TakenPorts = ReadonlyMap<number, string>;

/**
 * Gives every key a port of the block: the one chosen earlier, else its fixed one, else the next free one.
 * No port is given twice and none leaves the block.
 * @throws AiplatError (exit 3) when the block is full.
 */
export function allocatePorts(
  block: PortBlock,
  chosen: Partial<Record<PortKey, number>>,
  taken: TakenPorts,
): Allocation {
  const wishes = PORT_KEYS.map((key) => ({ key, wish: chosen[key] ?? block.first + PORT_OFFSETS[key] }));
  const given = new Map<PortKey, number>();
  for (const { key, wish } of wishes) {
    if (!taken.has(wish) && ![...given.values()].includes(wish)) given.set(key, wish);
  }
  const reserved = new Set([...given.values(), ...PORT_KEYS.map((key) => block.first + PORT_OFFSETS[key])]);
  const moved: MovedPort[] = [];
  for (const { key, wish } of wishes) {
    if (given.has(key)) continue;
    const to = nextFree(block, wish, taken, reserved);
    reserved.add(to);
    given.set(key, to);
    moved.push({ key, from: wish, to, holder: taken.get(wish) ?? 'another key of this .env' });
  }
  return { ports: Object.fromEntries(PORT_KEYS.map((key) => [key, given.get(key)])) as PortChoice, moved };
}

/** Added services stand behind those of the catalogue, in the gaps. */
const FIRST_ADDED = 20;

/**
 * A port of the block for an added service: the one that it has, else the first free one from 20 upwards that is
 * no service's fixed one.
 * @param taken also by the tenant's own services.
 * @throws AiplatError (exit 3) when there is none.
 */
export function addedPort(block: PortBlock, before: number | undefined, taken: TakenPorts): number {
  if (before !== undefined && !taken.has(before)) return before;
  const fixed = new Set(PORT_KEYS.map((key) => block.first + PORT_OFFSETS[key]));
  for (let port = block.first + FIRST_ADDED; port <= block.last; port++) {
    if (!taken.has(port) && !fixed.has(port)) return port;
  }
  throw blockIsFull(block, taken);
}

function nextFree(block: PortBlock, wish: number, taken: TakenPorts, reserved: ReadonlySet<number>): number {
  const size = block.last - block.first + 1;
  for (let step = 1; step < size; step++) {
    const port = block.first + ((wish - block.first + step) % size);
    if (!taken.has(port) && !reserved.has(port)) return port;
  }
  throw blockIsFull(block, taken);
}

const blockIsFull = (block: PortBlock, taken: TakenPorts): AiplatError =>
  new AiplatError({
    what: `No port is free in the block ${block.first}–${block.last}.`,
    why: `Its ports are held by ${[...new Set(taken.values())].slice(0, 5).join(', ')}.`,
    fix: 'Stop one of the holders, then run the same command again.',
    exitCode: EXIT.notReady,
  });
