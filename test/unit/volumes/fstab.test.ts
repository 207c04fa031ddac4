import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fstabFault, fstabLine, hasLine, withLine, withoutLine } from '../../../src/volumes/fstab.ts';

const ENTRY = { uuid: '0d5c2a6e-5f0e-4b43-8f0c-3f8c9d1b7a10', mountPoint: '/mnt/data-tenant-1001' };
const LINE = fstabLine(ENTRY);
const OTHERS = '# /etc/fstab\nUUID=ab-12 / ext4 defaults,noatime 0 1\n';

describe('the line of a volume', () => {
  it('lets the host boot without it, closes it for devices and setuid programs, and comes before Docker', () => {
    expect(LINE).toBe(
      'UUID=0d5c2a6e-5f0e-4b43-8f0c-3f8c9d1b7a10 /mnt/data-tenant-1001 ext4 nofail,nodev,nosuid,x-systemd.before=docker.service,x-systemd.device-timeout=30s 0 2',
    );
  });

  it.each([
    ['', `${LINE}\n`],
    [OTHERS, `${OTHERS}${LINE}\n`],
    ['/dev/vda / ext4 defaults 0 1', `/dev/vda / ext4 defaults 0 1\n${LINE}`],
    ['\n\n', `\n\n${LINE}\n`],
    [`a\n/dev/xvdf ${ENTRY.mountPoint} xfs defaults 0 0\nb\n`, `a\n${LINE}\nb\n`],
    [`a\n/dev/xvdf\t${ENTRY.mountPoint}/ auto x\n${LINE}\nb`, `a\n${LINE}\nb`],
  ])('is put into %j without touching another byte', (before, after) => {
    expect(withLine(before, ENTRY)).toBe(after);
    expect(fstabFault(after, ENTRY)).toBeUndefined();
  });

  it.each([
    `# UUID=x ${ENTRY.mountPoint} ext4 defaults 0 0`,
    `  #UUID=x ${ENTRY.mountPoint} ext4 defaults 0 0`,
    `UUID=x ${ENTRY.mountPoint}1 ext4 defaults 0 0`,
    `UUID=x ${ENTRY.mountPoint}/data none bind 0 0`,
    `${ENTRY.mountPoint} /srv none bind 0 0`,
    'UUID=x /mnt/data-tenant\\0401001 ext4 defaults 0 0',
  ])('is not taken for %j', (other) => {
    expect(hasLine(other, ENTRY.mountPoint)).toBe(false);
    expect(withoutLine(`${other}\n${LINE}\n`, ENTRY.mountPoint)).toBe(`${other}\n`);
  });

  it('is known by its mount point also when that is written with octal numbers', () => {
    expect(hasLine('UUID=x /mnt/data\\055tenant-1001 ext4 defaults 0 0', ENTRY.mountPoint)).toBe(true);
  });

  it.each<[string, string, string | undefined]>([
    ['its own line', LINE, undefined],
    [
      'the quotes and further options of an admin',
      LINE.replace(/UUID=(\S+)/, 'UUID="$1"').replace('nofail', 'noatime,nofail'),
      undefined,
    ],
    ['another patience', LINE.replace('=30s', '=5min'), undefined],
    ['no line', OTHERS, 'no line for /mnt/data-tenant-1001'],
    ['two lines', `${LINE}\n${LINE}\n`, '2 lines for /mnt/data-tenant-1001'],
    [
      'another disk',
      LINE.replace('UUID=0d5c2a6e', 'UUID=1d5c2a6e'),
      'its line names UUID=1d5c2a6e-5f0e-4b43-8f0c-3f8c9d1b7a10',
    ],
    ['a device', LINE.replace(/UUID=\S+/, '/dev/xvdf'), 'its line names /dev/xvdf'],
    ['another file system', LINE.replace('ext4', 'xfs'), 'its line says xfs'],
    ['setuid programs', LINE.replace('nosuid,', ''), 'its line lacks nosuid'],
    [
      'a boot that waits for ever',
      LINE.replace(',x-systemd.device-timeout=30s', ''),
      'its line lacks x-systemd.device-timeout=30s',
    ],
    ['no mount at boot', LINE.replace('nofail', 'nofail,noauto'), 'its line says noauto'],
  ])('with %s is judged', (_title, text, fault) => {
    expect(fstabFault(text, ENTRY)).toBe(fault);
  });
});

/** Files as no installer writes them: any bytes, any line ends, comments, half lines. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '',
        '#',
        '# comment',
        'UUID=x / ext4 defaults 0 1',
        '\t/dev/sdb\t/srv\txfs\t\t0 0  ',
        `#${LINE}`,
        'half',
        '\r',
        'a\r',
      ),
      fc.string({
        unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
        maxLength: 30,
      }),
    ),
    { maxLength: 12 },
  )
  .chain((lines) => fc.constantFrom('', '\n', '\n\n').map((end) => lines.join('\n') + end))
  .filter((text) => !hasLine(text, ENTRY.mountPoint));

describe('whatever an fstab holds', () => {
  it('putting the line in and taking it out gives the same bytes', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const added = withLine(text, ENTRY);
        expect(hasLine(added, ENTRY.mountPoint)).toBe(true);
        expect(fstabFault(added, ENTRY)).toBeUndefined();
        expect(withLine(added, ENTRY)).toBe(added);
        expect(withoutLine(added, ENTRY.mountPoint)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('taking out a line that is not there changes nothing', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(withoutLine(text, ENTRY.mountPoint)).toBe(text);
      }),
    );
  });
});
