import { mustAiplatTogether, prepareHost } from './inside.ts';

/** What alice runs; bob has Caddy and a vector database. */
export const SERVICES = ['caddy', 'prometheus', 'valkey', 'postgres', 'chroma'];

/** alice and bob, who are tenant-1001 and tenant-1002, get what a tenant has before the first deploy. */
export async function setUpTenants(): Promise<void> {
  prepareHost();
  const setup = (tenant: string, services: string): string[] => [
    ...['setup', '--tenant', tenant],
    ...['--services', services, '--vector-db', 'chroma'],
  ];
  await mustAiplatTogether(setup('tenant-1001', SERVICES.join(',')), setup('tenant-1002', 'caddy'));
}

/** Their stacks come up side by side. */
export async function deployTenants(): Promise<void> {
  const deploy = (tenant: string): string[] => ['deploy', '--tenant', tenant, '--timeout', '900'];
  await mustAiplatTogether(deploy('tenant-1001'), deploy('tenant-1002'));
}
