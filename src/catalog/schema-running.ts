import * as z from 'zod';
import { PORT_KEYS } from '../ports/block.ts';
import { envName } from './schema-data.ts';

export const fileName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/);
export const tcpPort = z.int().min(1).max(65535);
export const because = z.string().min(1);
export const words = z.array(z.string()).min(1);

export const Backup = z.discriminatedUnion('how', [
  /** The files are read while it runs, when it stands still, or not at all. */
  z.strictObject({ how: z.literal('running'), because }),
  z.strictObject({ how: z.literal('stopped'), because }),
  z.strictObject({ how: z.literal('left out'), because }),
  /**
   * It writes a copy of its data into one file of its first mount, and takes it back from there into a new, empty
   * one. Both run in the container as its user, with the path of the file for `{{file}}`, and may run again.
   */
  z.strictObject({ how: z.literal('dumped'), because, file: fileName, dump: words, load: words }),
]);

export const Metrics = z.strictObject({
  port: tcpPort,
  path: z.string().startsWith('/'),
  token: envName.optional(),
});

export const Takes = z.strictObject({
  memoryMb: z.int().positive(),
  imageMb: z.int().positive(),
  dataMb: z.int().nonnegative(),
});

/** The port that the `.env` has under `key`, where `container` left out means the same number inside, or a recorded one. */
export const Ports = z.array(
  z.union([
    z.strictObject({ key: z.enum(PORT_KEYS), container: tcpPort.optional() }),
    z.strictObject({ port: tcpPort, container: tcpPort }),
  ]),
);
