import type { Disk, Host } from '../../host/host.ts';
import type { HostConfig } from '../../tenant/host-config.ts';
import { volumeLimit } from '../../volumes/limits.ts';
import type { Finding } from './finding.ts';

const DMI = '/sys/class/dmi/id';
const NETWORK = '/sys/class/net';
const LIMIT_BYTES = 4096;

/** How many disks are attached, and how many more fit. A full host is well: it only takes no further tenant. */
export async function findVolumes(host: Host, config: HostConfig): Promise<Finding> {
  const disks = (await host.disks.list()).filter(({ kind, sizeBytes }) => kind === 'disk' && sizeBytes > 0);
  const attached = `${disks.length} disks attached`;
  const room = await roomWords(host, config, disks);
  return { what: 'volumes', found: `${attached}; ${room}`, isWell: true, fix: '' };
}

async function roomWords(host: Host, config: HostConfig, disks: readonly Disk[]): Promise<string> {
  const more = (limit: number, taken: number): string => `${Math.max(0, limit - taken)} more fit`;
  if (config.volumeLimit !== undefined) {
    return `${more(config.volumeLimit, disks.length)} ("volumeLimit": ${config.volumeLimit})`;
  }
  const [vendor, product] = await Promise.all(
    ['sys_vendor', 'product_name'].map((name) => readFact(host, name)),
  );
  const limit = volumeLimit(vendor ?? '', product ?? '');
  if (limit === undefined) return 'no limit is known ("volumeLimit" in the host config sets one)';
  if (!limit.isShared) {
    return `${more(limit.count, disks.filter(isEbs).length)} (${product} takes ${limit.count} EBS volumes)`;
  }
  const interfaces = await countInterfaces(host);
  const shared = `${product} takes ${limit.count} disks and network interfaces, of which it has ${interfaces}`;
  return `${more(limit.count, disks.length + interfaces)} (${shared})`;
}

/** Disks of the instance itself have serial numbers that begin with AWS. */
const isEbs = ({ serial }: Disk): boolean => serial?.startsWith('AWS') !== true;

const readFact = async (host: Host, name: string): Promise<string> =>
  (await host.files.readText(`${DMI}/${name}`, LIMIT_BYTES))?.trim() ?? '';

/** Those with a device behind them: bridges and the ends of containers have none. */
async function countInterfaces(host: Host): Promise<number> {
  const names = await host.files.list(NETWORK);
  const devices = await Promise.all(names.map((name) => host.files.stat(`${NETWORK}/${name}/device`)));
  return devices.filter((device) => device !== undefined).length;
}
