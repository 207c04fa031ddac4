import { describe, expect, it } from 'vitest';
import { parseHostConfig } from '../../../src/tenant/host-config.ts';

const parsed = (backup: unknown) => parseHostConfig(JSON.stringify({ backup }), 'config.json').backup;

describe('"backup" in the host config', () => {
  it('left out means that there are none', () => {
    expect(parseHostConfig('{}', 'config.json').backup).toBeUndefined();
  });

  it.each(['/var/backups/aiplat', 's3:s3.amazonaws.com/bucket', 's3:https://minio.example.org:9000/b/path'])(
    'goes to %s, and keeps a week, a month and half a year',
    (repository) => {
      expect(parsed({ repository })).toEqual({ repository, keepDaily: 7, keepWeekly: 4, keepMonthly: 6 });
    },
  );

  it.each([
    [{}, /is no place/],
    [{ repository: 'backups' }, /neither a plain absolute path nor s3/],
    [{ repository: '/var/../etc' }, /climbs/],
    [{ repository: 's3:https://key:secret@example.org/b' }, /neither a plain absolute path nor s3/],
    [{ repository: '/v', keepDaily: 0 }, /keeps none/],
    [{ repository: '/v', keepDayly: 3 }, /keepDayly/],
    [{ repository: '/v', environmentFile: 'x' }, /is no plain absolute path/],
    ['/var/backups', /is no object with a repository/],
  ])('%j is refused', (backup, why) => {
    expect(() => parsed(backup)).toThrow(
      expect.objectContaining({ exitCode: 2, why: expect.stringMatching(why) }),
    );
  });
});
