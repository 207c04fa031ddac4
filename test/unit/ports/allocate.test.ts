import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseListeners } from '../../../src/host/proc-net.ts';
import { allocatePorts } from '../../../src/ports/allocate.ts';
import { PORT_KEYS, PORT_OFFSETS } from '../../../src/ports/block.ts';
import { isOwnListener } from '../../../src/ports/published.ts';

const BLOCK = { first: 5000, last: 5099 };
const portsOfBlock = fc.integer({ min: BLOCK.first, max: BLOCK.last });

describe('ports of a block', () => {
  it('are the fixed ones where nobody is in the way', () => {
    const { ports, moved } = allocatePorts(BLOCK, {}, new Map());
    expect(moved).toEqual([]);
    for (const key of PORT_KEYS) expect(ports[key]).toBe(BLOCK.first + PORT_OFFSETS[key]);
  });

  it('never leave the block, are never given twice, and never taken ones', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(portsOfBlock, { maxLength: 80 }),
        fc.dictionary(fc.constantFrom(...PORT_KEYS), portsOfBlock, { noNullPrototype: true }),
        (taken, chosen) => {
          const { ports, moved } = allocatePorts(
            BLOCK,
            chosen,
            new Map(taken.map((port) => [port, 'nginx'])),
          );
          const given = Object.values(ports);
          expect(new Set(given).size).toBe(PORT_KEYS.length);
          expect(
            given.every((port) => port >= BLOCK.first && port <= BLOCK.last && !taken.includes(port)),
          ).toBe(true);
          for (const { key, from, to } of moved) expect([from === to, ports[key]]).toEqual([false, to]);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('stay where they were chosen while that is free', () => {
    const chosen = { N8N_PORT: 5050, GRAFANA_PORT: 5002 };
    expect(allocatePorts(BLOCK, chosen, new Map()).ports).toMatchObject(chosen);
  });

  it('move to the next free one, and the move names the holder', () => {
    const taken = new Map([[5002, 'nginx (pid 812)']]);
    const { ports, moved } = allocatePorts(BLOCK, {}, taken);
    expect(ports.N8N_PORT).toBe(5011);
    expect(moved).toEqual([{ key: 'N8N_PORT', from: 5002, to: 5011, holder: 'nginx (pid 812)' }]);
  });

  it('are refused with exit 3 when the block is full', () => {
    const taken = new Map(Array.from({ length: 100 }, (_, at) => [BLOCK.first + at, 'a crowd'] as const));
    expect(() => allocatePorts(BLOCK, {}, taken)).toThrow(expect.objectContaining({ exitCode: 3 }));
  });
});

describe('listening sockets', () => {
  const HEAD =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
  const line = (local: string, state = '0A', inode = '77'): string =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0`;

  it.each([
    ['0100007F:1388', '127.0.0.1', 5000, false],
    ['0101007F:1388', '127.0.1.1', 5000, false],
    ['00000000:1389', '0.0.0.0', 5001, true],
    ['00000000000000000000000000000000:138A', '[::]', 5002, true],
    ['0000000000000000FFFF00000100007F:138B', '127.0.0.1', 5003, false],
    ['00000000000000000000000001000000:138B', '[IPv6]', 5003, false],
  ])('%s is %s:%i', (local, address, port, isWildcard) => {
    expect(parseListeners(`${HEAD}\n${line(local)}\n`)).toEqual([{ address, port, isWildcard, inode: '77' }]);
  });

  it('are those that listen, not those that talk', () => {
    expect(parseListeners(`${HEAD}\n${line('0100007F:1388', '01')}\n`)).toEqual([]);
  });

  const container = (labels: Record<string, string>, ports: number[]) => ({
    id: '1',
    name: 'tenant-1001-n8n',
    image: '',
    labels,
    state: 'created',
    health: 'none' as const,
    status: 'Created',
    publishedPorts: ports.map((port) => ({ address: '127.0.0.1', port })),
    networks: {},
    addresses: [],
  });

  it.each([
    ['docker-proxy (pid 1)', {}, [5002], true],
    ['nginx (pid 1)', {}, [5002], true],
    ['docker-proxy (pid 1)', { 'aiplat.ports': '127.0.0.1:5002' }, [], true],
    ['nginx (pid 1)', { 'aiplat.ports': '127.0.0.1:5002' }, [], false],
    ['docker-proxy (pid 1)', { 'aiplat.ports': '127.0.0.1:5003' }, [], false],
    ['docker-proxy (pid 1)', { 'aiplat.ports': '' }, [], false],
  ])('%s with labels %j and ports %j is ours: %s', (holder, labels, ports, expected) => {
    const listener = { address: '127.0.0.1', port: 5002, holder };
    expect(isOwnListener(listener, [container(labels as Record<string, string>, ports)])).toBe(expected);
  });
});
