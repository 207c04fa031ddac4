import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { evict } from '../../src/commands/host/evict.ts';
import { addedMachine, addOf, removeOf } from '../fake/added.ts';
import { backupOf, dataMachine, restoreOf, spoiltMachine } from '../fake/backups.ts';
import type { FakeHost } from '../fake/fake-host.ts';
import type { Moment } from '../fake/life.ts';
import {
  buildOf,
  deployedMachine,
  deployedOnVolume,
  deployOf,
  editEnv,
  embeddedMachine,
  extendTemplate,
  freshMachine,
  moveVolume,
  SERVICES,
  setUpMachine,
  setupOf,
  succeed,
  TENANT,
  teardownOf,
  VOLUME_DISK,
  volumeMachine,
} from '../fake/machines.ts';
import { goOn } from '../fake/process.ts';
import { snapshot } from '../fake/snapshot.ts';

type Work = (context: Context) => Promise<void>;

interface Walk {
  readonly title: string;
  readonly machine: () => FakeHost | Promise<FakeHost>;
  readonly work: Work;
  /** So many changes it makes at the least: the walk is the one that is meant. */
  readonly atLeast: number;
  /** It does its work anew each time; all others have nothing to do once it is done. */
  readonly isRepeated?: boolean;
}

const edited = (edits: Readonly<Record<string, string>>) => async (): Promise<FakeHost> => {
  const host = await deployedMachine();
  editEnv(host, edits);
  return host;
};

async function newRelease(): Promise<FakeHost> {
  const host = await embeddedMachine();
  extendTemplate(host, 'images/chroma/Dockerfile', 'RUN true');
  await succeed(host, buildOf());
  return host;
}

async function afterBadRelease(): Promise<FakeHost> {
  const host = await deployedMachine();
  host.docker.containers.behaviours.set('n8n', { kind: 'exits', exitCode: 1, log: 'broken' });
  editEnv(host, { N8N_PORT: '5050' });
  await goOn(host, deployOf());
  host.docker.containers.behaviours.clear();
  return host;
}

async function grownMachine(): Promise<FakeHost> {
  const host = await deployedOnVolume();
  host.disks.at(VOLUME_DISK).sizeBytes *= 2;
  return host;
}

const walks: readonly Walk[] = [
  {
    title: 'a first setup',
    machine: () => freshMachine(),
    work: setupOf({ services: SERVICES, vectorDb: 'chroma' }),
    atLeast: 8,
  },
  {
    title: 'a first setup on a blank disk',
    machine: () => volumeMachine(),
    work: setupOf({ services: SERVICES, vectorDb: 'chroma' }),
    atLeast: 11,
  },
  {
    title: 'a setup on a volume that was moved from another host',
    machine: async () => moveVolume(await deployedOnVolume()),
    work: setupOf(),
    atLeast: 2,
  },
  { title: 'a setup after the volume has grown', machine: grownMachine, work: setupOf(), atLeast: 1 },
  { title: 'a first deploy', machine: setUpMachine, work: deployOf(), atLeast: 30 },
  {
    title: 'a deploy that replaces two containers',
    machine: edited({ N8N_PORT: '5050', CADDY_HTTPS_PORT: '5044' }),
    work: deployOf(),
    atLeast: 8,
  },
  { title: 'a deploy of a new image', machine: newRelease, work: deployOf(), atLeast: 5 },
  {
    title: 'a deploy that switches a service off',
    machine: edited({ SERVICES: 'caddy,n8n' }),
    work: deployOf(),
    atLeast: 4,
  },
  {
    title: 'a deploy under another domain',
    machine: async () => {
      const host = await deployedMachine();
      await succeed(host, setupOf({ domain: 'ai.example.org' }));
      return host;
    },
    work: deployOf(),
    atLeast: 8,
  },
  { title: 'a deploy after one that failed', machine: afterBadRelease, work: deployOf(), atLeast: 4 },
  {
    title: 'a deploy of other secrets',
    machine: edited({ VALKEY_PASSWORD: 'another-secret-value', N8N_ENCRYPTION_KEY: 'another-secret-value' }),
    work: deployOf(),
    atLeast: 8,
  },
  { title: 'a teardown', machine: deployedMachine, work: teardownOf(), atLeast: 10 },
  {
    title: 'a teardown with all data',
    machine: deployedMachine,
    work: teardownOf({ deleteData: true, confirm: TENANT }),
    atLeast: 12,
  },
  {
    title: 'a teardown that releases the volume',
    machine: () => deployedOnVolume(),
    work: teardownOf({ releaseVolume: true }),
    atLeast: 13,
  },
  {
    title: 'a teardown with all data that releases the volume',
    machine: () => deployedOnVolume(),
    work: teardownOf({ releaseVolume: true, deleteData: true, confirm: TENANT }),
    atLeast: 15,
  },
  {
    title: 'an eviction with all data from a volume',
    machine: () => deployedOnVolume(),
    work: (context) => evict(context, TENANT, { deleteData: true, confirm: TENANT }),
    atLeast: 16,
  },
  { title: 'a first backup', machine: () => dataMachine(), work: backupOf(), atLeast: 19, isRepeated: true },
  { title: 'a later backup', machine: spoiltMachine, work: backupOf(), atLeast: 16, isRepeated: true },
  { title: 'a restore', machine: spoiltMachine, work: restoreOf(), atLeast: 25, isRepeated: true },
  {
    title: 'a restore of one service',
    machine: spoiltMachine,
    work: restoreOf('latest', { service: 'n8n' }),
    atLeast: 9,
    isRepeated: true,
  },
  {
    title: 'a restore of a database that writes copies',
    machine: spoiltMachine,
    work: restoreOf('latest', { service: 'postgres' }),
    atLeast: 10,
    isRepeated: true,
  },
  { title: 'adding a service', machine: deployedMachine, work: addOf(), atLeast: 9 },
  { title: 'changing an added service', machine: addedMachine, work: addOf({ memory: 256 }), atLeast: 5 },
  {
    title: 'taking an added service away with its data',
    machine: addedMachine,
    work: removeOf({ deleteData: true, confirm: TENANT }),
    atLeast: 6,
  },
  {
    title: 'a build of images',
    machine: () => setUpMachine({ images: 'embedded' }),
    work: buildOf('chroma', 'caddy'),
    atLeast: 10,
  },
];

const moments: readonly Moment[] = ['before', 'after'];

describe.each(walks)('$title', ({ machine, work, atLeast, isRepeated = false }) => {
  it.each(moments)(
    'that is killed right %s any of its changes is finished by the same command',
    async (moment) => {
      const undisturbed = await machine();
      const { changes } = await succeed(undisturbed, work);
      expect(changes.length).toBeGreaterThanOrEqual(atLeast);
      const wanted = snapshot(undisturbed);
      let survived = false;
      for (let n = 1; !survived; n++) {
        const host = await machine();
        host.startProcess();
        host.killAt(n, moment);
        const { exit } = await goOn(host, work);
        survived = exit === 0;
        const change = `change ${n}, ${changes[n - 1]}`;
        expect([change, exit]).toEqual([change, survived ? 0 : 'killed']);
        await succeed(host, work);
        expect(snapshot(host), change).toEqual(wanted);
        const { changes: again } = await succeed(host, work);
        if (!isRepeated) expect(again, change).toEqual([]);
        expect(snapshot(host), change).toEqual(wanted);
        expect(n).toBeLessThanOrEqual(changes.length + 1);
      }
    },
  );
});

describe('a replacement that is killed', () => {
  it.each(moments)(
    'right %s any of its changes never leaves the tenant without the version that worked',
    async (moment) => {
      const name = 'tenant-1001-chroma';
      for (let n = 1, survived = false; !survived; n++) {
        const host = await newRelease();
        const old = host.docker.containers.named(name)?.id;
        host.startProcess();
        host.killAt(n, moment);
        survived = (await goOn(host, deployOf())).exit === 0;
        const isOldThere = host.docker.containers.all.some(({ id }) => id === old);
        expect([n, isOldThere || host.docker.containers.healthOf(name) === 'healthy']).toEqual([n, true]);
      }
    },
  );
});
