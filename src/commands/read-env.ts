import type { Host } from '../host/host.ts';
import type { Tenant } from '../tenant/identity.ts';
import { envPath } from '../tenant/layout.ts';

const ENV_LIMIT_BYTES = 64 * 1024;

/**
 * The text of the tenant's `.env`, undefined when there is none. The tenant writes it and root reads it: it
 * is believed only when it is the tenant's or root's own file.
 * @throws AiplatError (exit 2) when it is anything else.
 */
export const readEnvText = ({ files }: Host, tenant: Tenant): Promise<string | undefined> =>
  files.readText(envPath(tenant), ENV_LIMIT_BYTES, [0, tenant.uid]);
