import { describe, expect, it } from 'vitest';
import { freeStamp, isAsideOf } from '../../../src/backup/aside.ts';
import { contentsOf } from '../../../src/backup/contents.ts';
import {
  backupArgs,
  forgetArgs,
  openArgs,
  parseMessage,
  parseSnapshots,
} from '../../../src/backup/restic.ts';
import { partEnv, wholeEnv } from '../../../src/backup/returning-env.ts';
import { catalog } from '../../../src/catalog/catalog.ts';
import type { Service } from '../../../src/catalog/schema.ts';

const ID = 'a0d9a36ec35958c22906dfaf915ee7ffd57bc505ecca530f31abc1672236ad6f';
/** As restic 0.14 writes it. */
const LISTED = [
  {
    time: '2026-11-24T23:35:52.365959061+01:00',
    paths: ['/b/data/.backup'],
    tags: ['complete', 'added=12'],
    id: ID,
  },
  { time: '2026-11-24T22:00:00.1Z', paths: ['/b/data/.backup'], tags: ['complete'], id: 'b'.repeat(64) },
  { time: '2026-11-24T22:50:00Z', paths: ['/b/data/.backup'], tags: ['unfinished'], id: 'c'.repeat(64) },
  { time: '2026-11-24T22:55:00Z', paths: ['/somewhere'], id: 'd'.repeat(64) },
];

describe('what restic says of its snapshots', () => {
  it('is read past its warnings, the oldest first, and unfinished ones apart', () => {
    const { complete, unfinished } = parseSnapshots(['warning: something', JSON.stringify(LISTED)]);
    expect(complete.map(({ id, time, addedBytes }) => [id[0], time, addedBytes])).toEqual([
      ['b', '2026-11-24T22:00:00.100Z', 0],
      ['a', '2026-11-24T22:35:52.365Z', 12],
    ]);
    expect(unfinished.map((id) => id[0])).toEqual(['c', 'd']);
  });

  it.each([[[]], [['']], [['[]']]])('may be that there are none (%j)', (lines) => {
    expect(parseSnapshots(lines)).toEqual({ complete: [], unfinished: [] });
  });
});

describe('a line of `restic backup --json`', () => {
  it.each([
    [
      '{"message_type":"status","percent_done":0.25,"total_files":4}',
      { message_type: 'status', percent_done: 0.25 },
    ],
    ['{"message_type":"status","total_files":4}', { message_type: 'status', percent_done: 0 }],
    [
      '{"message_type":"summary","files_new":3,"data_added":3416,"snapshot_id":"0e00b114"}',
      { message_type: 'summary', data_added: 3416, snapshot_id: '0e00b114' },
    ],
    ['{"message_type":"error","error":{}}', undefined],
    ['Fatal: wrong password', undefined],
  ])('%s', (line, message) => {
    expect(parseMessage(line)).toEqual(message);
  });
});

describe('what restic is told', () => {
  const repository = { place: '/v/t', passwordFile: '/p', cacheDir: '/c', environmentFile: undefined };

  it('names the file of the password and never the password', () => {
    expect(openArgs(repository).join(' ')).toBe('--repo /v/t --password-file /p --cache-dir /c');
  });

  it('stays on the file system of each path, and takes no path for an option', () => {
    const args = backupArgs('tenant-1001', ['/mnt/data']);
    expect(args).toContain('--one-file-system');
    expect(args.slice(-2)).toEqual(['--', '/mnt/data']);
  });

  it('keeps as many as the host config says, and all of the last day', () => {
    const text = forgetArgs({ keepDaily: 7, keepWeekly: 4, keepMonthly: 6 }).join(' ');
    expect(text).toContain('--keep-within 1d --keep-daily 7 --keep-weekly 4 --keep-monthly 6 --prune');
    expect(text).toContain('--tag complete');
  });
});

describe('the paths of a snapshot', () => {
  it('tell what it holds, wherever the host had it', () => {
    const paths = ['/vol/x/data/.backup', '/vol/x/data/n8n', '/vol/x/data/postgres/aiplat-dump.sql', '/etc'];
    expect(contentsOf({ id: ID, time: '', paths, addedBytes: 0 })).toEqual({
      dataDir: '/vol/x/data',
      directories: [
        { dir: 'n8n', file: undefined },
        { dir: 'postgres', file: 'aiplat-dump.sql' },
      ],
    });
  });

  it('of somebody else’s snapshot are refused', () => {
    const foreign = { id: ID, time: '', paths: ['/home'], addedBytes: 0 };
    expect(() => contentsOf(foreign)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe('the name of data that stepped aside', () => {
  const now = new Date('2026-11-24T10:00:00.123Z');

  it('tells of which directory it is, and of no other', () => {
    const name = `.before-restore-${freeStamp(now, [])}.caddy-config`;
    expect(name).toBe('.before-restore-20261124T100000Z.caddy-config');
    expect([isAsideOf(name, 'caddy-config'), isAsideOf(name, 'caddy'), isAsideOf('caddy', 'caddy')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is another one in the same second', () => {
    const present = ['.before-restore-20261124T100000Z.n8n', '.before-restore-20261124T100000Z-2.n8n'];
    expect(freeStamp(now, present)).toBe('20261124T100000Z-3');
  });
});

describe('the .env that comes back', () => {
  const saved = '# mine\nA=old\nN8N_ENCRYPTION_KEY=key-of-data\nVALKEY_PASSWORD=old\n';
  const current = 'A=new\nN8N_ENCRYPTION_KEY=another\nVALKEY_PASSWORD=new\nLATER=yes\n';

  it('is that of the snapshot, with keys that came later', () => {
    expect(wholeEnv(saved, undefined)).toBe(saved);
    expect(wholeEnv(saved, current)).toBe(`${saved}\n# === Newer than the backup ===\nLATER=yes\n`);
  });

  it('with one service is that of now, with the key of its data', () => {
    const services = [catalog.get('n8n') as Service, catalog.get('valkey') as Service];
    expect(partEnv(saved, current, services)).toBe(current.replace('another', 'key-of-data'));
  });
});
