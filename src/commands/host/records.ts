import { parseTenantName } from '../../tenant/identity.ts';
import { parseRecord, recordPath, recordsDir, type TenantRecord } from '../../tenant/record.ts';
import type { Context } from '../context.ts';
import { CONFIG_LIMIT_BYTES } from '../enter.ts';

/** A tenant that an admin has admitted. */
export interface Admitted {
  readonly tenant: string;
  readonly uid: number;
  readonly record: TenantRecord;
}

/** All of them, in the order of their UIDs. @throws AiplatError (exit 2) for a record that is wrong. */
export async function readRecords({ host, configPath }: Context): Promise<Admitted[]> {
  const names = await host.files.list(recordsDir(configPath));
  const tenants = names.flatMap((name) => /^(tenant-[1-9]\d{3,4})\.json$/.exec(name)?.[1] ?? []);
  const all = await Promise.all(
    tenants.map(async (tenant) => {
      const path = recordPath(configPath, tenant);
      const text = await host.files.readText(path, CONFIG_LIMIT_BYTES);
      return { tenant, uid: parseTenantName(tenant), record: parseRecord(text, path) };
    }),
  );
  return all.sort((one, other) => one.uid - other.uid);
}
