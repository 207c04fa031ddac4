/** A listening socket as /proc/net/tcp and tcp6 tell it. */
export interface ProcListener {
  readonly address: string;
  readonly port: number;
  /** Listens on every address of the machine. */
  readonly isWildcard: boolean;
  readonly inode: string;
}

/** State 0A is LISTEN (include/net/tcp_states.h). */
const LISTEN = '0A';

/**
 * Reads the listening sockets out of a table. Addresses are written as 32-bit words in the byte order of
 * the machine, ports in network order (Documentation/networking/proc_net_tcp.rst).
 */
export function parseListeners(table: string): ProcListener[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      const [hex = '', port = ''] = local.split(':');
      if (state !== LISTEN) return [];
      return [
        { address: readAddress(hex), port: Number.parseInt(port, 16), isWildcard: /^0+$/.test(hex), inode },
      ];
    });
}

/** ::ffff:127.0.0.1 and the like: an IPv6 socket that listens on an IPv4 address. */
const MAPPED = '0000000000000000FFFF0000';

function readAddress(hex: string): string {
  if (hex.length === 8) return readIpv4(hex);
  if (hex.startsWith(MAPPED)) return readIpv4(hex.slice(MAPPED.length));
  return /^0+$/.test(hex) ? '[::]' : '[IPv6]';
}

const readIpv4 = (hex: string): string =>
  [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
