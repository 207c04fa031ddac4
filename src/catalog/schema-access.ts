import * as z from 'zod';
import { envName, serviceName } from './schema-data.ts';
import { tcpPort, words } from './schema-running.ts';

export const GivenKey = z.strictObject({ key: envName, remedy: z.string().min(1) });

export const Credentials = z.array(
  z.strictObject({
    what: z.string().min(1),
    value: z.string().min(1),
    /** Makes a new one and prints it: run in its container when this service is asked for by name. */
    made: words.optional(),
  }),
);

export const Route = z.strictObject({
  port: tcpPort,
  subdomain: serviceName,
  /** Paths of the same page that another service answers, as Caddy matches them; `headers` are Caddy's, too. */
  paths: z
    .array(
      z.strictObject({
        path: z.string().regex(/^\/[A-Za-z0-9._/-]*\*?$/),
        service: serviceName,
        port: tcpPort,
        headers: z.record(z.string().regex(/^[A-Za-z-]+$/), z.string().regex(/^[^\s"]+$/)).optional(),
      }),
    )
    .optional(),
});
