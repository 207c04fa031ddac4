import { createWriteStream, fstatSync } from 'node:fs';
import type { Writable } from 'node:stream';

/** What Node.js has under a stream to a terminal; it has no name for it in its types. */
interface Handled {
  readonly _handle?: { setBlocking?(isBlocking: boolean): void };
}

/**
 * The same output, which never holds the process up: words wait in memory as long as nobody takes them. A
 * caller can stop a terminal (Ctrl-S) or serve the file behind a descriptor and never answer (FUSE), while root
 * holds a lock of others. Pipes are like that by themselves.
 */
export function patient(stream: NodeJS.WriteStream & { readonly fd: number }): Writable {
  if (!stream.isTTY) {
    const isFile = fstatSync(stream.fd).isFile();
    return isFile ? createWriteStream('', { fd: stream.fd, autoClose: false }) : stream;
  }
  (stream as Handled)._handle?.setBlocking?.(false);
  return stream;
}
