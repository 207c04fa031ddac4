import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { aiplat, deviceOf, must, mustAiplat, record, run, serialOf, sh } from './inside.ts';

// tenant-1001 and tenant-1002 were set up on their NVMe volumes by the tests before; tenant-1003 gets a loop device.
const TENANT = 'tenant-1003';
const BASE = `/mnt/data-${TENANT}`;
const UNIT = 'mnt-data\\x2dtenant\\x2d1003.mount';
const FILE = '/var/tmp/disk-1003';
const CHOICES = ['--services', 'caddy', '--vector-db', 'chroma'];

const fstab = (): string => readFileSync('/etc/fstab', 'utf8');
const probe = (device: string, key: string): string =>
  run('blkid', ['-p', '-s', key, '-o', 'value', device]).out.trim();
const property = (name: string): string => must(run('systemctl', ['show', '-p', name, '--value', UNIT]));
const blocks = (): number => Number(/Block count: +(\d+)/.exec(must(sh(`dumpe2fs -h ${device}`)))?.[1]);

let device = '';
let fstabBefore = '';

before(() => {
  fstabBefore = fstab();
  must(sh(`modprobe loop; truncate -s 512M ${FILE}`));
  device = must(run('losetup', ['--find', '--show', FILE])).trim();
  record(TENANT, { device });
});

after(() => {
  sh(`umount ${BASE}; losetup -d ${device}; rm -f ${FILE} /etc/aiplat/tenants/${TENANT}.json`);
});

describe('the volumes of the tenants', () => {
  it('were found by the serial numbers of their records and bear the names of their tenants', () => {
    for (const tenant of ['tenant-1001', 'tenant-1002'] as const) {
      const disk = deviceOf(serialOf(tenant));
      assert.equal(probe(disk, 'LABEL'), tenant);
      assert.equal(must(sh(`findmnt -no SOURCE /mnt/data-${tenant}`)).trim(), disk);
      assert.match(fstab(), new RegExp(`^UUID=${probe(disk, 'UUID')} /mnt/data-${tenant} ext4 nofail,`, 'm'));
    }
  });

  it('are not mixed up: a deploy with the disk of another is refused, exit 3', () => {
    record('tenant-1001', { volume: serialOf('tenant-1002') });
    const { code, err } = aiplat('deploy', '--tenant', 'tenant-1001');
    record('tenant-1001', { volume: serialOf('tenant-1001') });
    assert.equal(code, 3, err);
    assert.match(err, /another disk is mounted[\s\S]*aiplat setup/);
  });

  it('are counted by the doctor', () => {
    assert.match(aiplat('host', 'doctor').out, /volumes +\d+ disks attached; no limit is known/);
  });
});

describe('a disk with a foreign file system', () => {
  it('is left as it is: exit 3', () => {
    must(run('mkfs.ext4', ['-q', '-L', 'photos', device]));
    const { code, err } = aiplat('setup', '--tenant', TENANT, ...CHOICES);
    assert.equal(code, 3, err);
    assert.match(err, /is not blank[\s\S]*label photos/);
    assert.equal(probe(device, 'LABEL'), 'photos');
    assert.equal(fstab(), fstabBefore);
    must(run('wipefs', ['-q', '--all', device]));
  });
});

describe('a blank disk', () => {
  it('becomes the volume, stays mounted, and stands before Docker at the next boot', () => {
    mustAiplat('setup', '--tenant', TENANT, ...CHOICES);
    assert.equal(probe(device, 'LABEL'), TENANT);
    // systemd has the line of fstab, and the mount is not one that it takes away again.
    must(sh('udevadm settle; systemctl daemon-reload'));
    assert.match(must(sh(`findmnt -no OPTIONS ${BASE}`)), /nosuid.*nodev|nodev.*nosuid/);
    assert.match(property('Before'), /docker\.service/);
    assert.equal(property('ActiveState').trim(), 'active');
    assert.match(mustAiplat('setup', '--tenant', TENANT), /Nothing to do/);
  });

  it('that has grown is grown while it is mounted', () => {
    const small = blocks();
    must(sh(`truncate -s 1G ${FILE} && losetup -c ${device}`));
    mustAiplat('setup', '--tenant', TENANT);
    assert.equal(blocks(), 2 * small);
  });
});

describe('a teardown that releases the volume', () => {
  it('names the process that holds it and forces nothing: exit 1', async () => {
    const child = spawn('sleep', ['600'], { cwd: BASE, stdio: 'ignore' });
    const { code, err } = aiplat('teardown', '--tenant', TENANT, '--release-volume');
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('exit', resolve));
    assert.equal(code, 1, err);
    assert.match(err, new RegExp(`sleep \\(pid ${child.pid}\\)`));
    assert.equal(sh(`mountpoint -q ${BASE}`).code, 0);
  });

  it('leaves fstab as it was, no mount point, and a disk that brings everything back', () => {
    const env = readFileSync(`${BASE}/config/.env`, 'utf8');
    mustAiplat('teardown', '--tenant', TENANT, '--release-volume');
    assert.equal(fstab(), fstabBefore);
    assert.notEqual(sh(`test -e ${BASE}`).code, 0);
    mustAiplat('setup', '--tenant', TENANT);
    assert.equal(readFileSync(`${BASE}/config/.env`, 'utf8'), env);
    mustAiplat('teardown', '--tenant', TENANT, '--release-volume');
  });
});
