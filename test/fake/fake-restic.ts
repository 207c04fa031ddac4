import { createHash } from 'node:crypto';
import type { CommandResult } from '../../src/host/host.ts';
import type { FakeNode } from './fake-files.ts';
import type { FakeHost } from './fake-host.ts';
import type { FakeProgramOfHost } from './fake-machine.ts';

export interface FakeSnapshot {
  id: string;
  tags: string[];
  readonly time: Date;
  readonly paths: readonly string[];
  readonly tree: ReadonlyMap<string, FakeNode>;
}

interface FakeRepository {
  readonly password: string;
  snapshots: FakeSnapshot[];
  /** Left by a restic that was killed. */
  isLocked: boolean;
}

const DAY_MS = 86_400_000;
const well = (output = ''): CommandResult => ({ exitCode: 0, output });
const fatal = (words: string): CommandResult => ({ exitCode: 1, output: `Fatal: ${words}` });

/** restic 0.14 in memory: repositories with passwords, locks and snapshots; it says what the real one says. */
export class FakeRestic implements FakeProgramOfHost {
  readonly repositories = new Map<string, FakeRepository>();
  /** Paths that it cannot read. */
  readonly unreadable = new Set<string>();
  /** Containers that ran, each time it read data. */
  readonly running: (readonly string[])[] = [];
  readonly calls: (readonly string[])[] = [];
  readonly #host: FakeHost;
  #count = 0;

  constructor(host: FakeHost) {
    this.#host = host;
  }

  readonly isLook = (args: readonly string[]): boolean =>
    args[0] === 'version' || ['cat', 'snapshots', 'dump'].includes(args[6] ?? '');

  readonly run = (args: readonly string[]): CommandResult => {
    this.calls.push(args);
    if (args[0] === 'version') return well('restic 0.14.0');
    const [, place = '', , passwordFile = '', , , verb = '', ...words] = args;
    const password = this.#host.files.text(passwordFile);
    if (password === undefined) return fatal(`${passwordFile} does not exist`);
    const repository = this.repositories.get(place);
    if (verb === 'init') return this.#init(place, password);
    if (repository === undefined) {
      const missing = `unable to open config file: stat ${place}/config: no such file or directory`;
      return fatal(`${missing}\nIs there a repository at the following location?\n${place}`);
    }
    if (repository.password !== password) return fatal('wrong password or no key found');
    return this.#open(repository, verb, words);
  };

  #init(place: string, password: string): CommandResult {
    if (this.repositories.has(place))
      return fatal(`create repository at ${place} failed: config file already exists`);
    this.repositories.set(place, { password, snapshots: [], isLocked: false });
    return well();
  }

  #open(repository: FakeRepository, verb: string, words: readonly string[]): CommandResult {
    const last = words.at(-1) ?? '';
    switch (verb) {
      case 'cat':
        return well('{"version":2}');
      case 'unlock':
        repository.isLocked = false;
        return well();
      case 'snapshots':
        return well(JSON.stringify(repository.snapshots.map(({ tree: _tree, ...one }) => one)));
      case 'backup':
        return this.#backup(repository, words);
      case 'tag':
        return this.#change(repository, last, (found) => {
          found.tags = words.filter((_, at) => words[at - 1] === '--set');
          // Another tag makes another snapshot of it.
          found.id = this.#newId();
        });
      case 'forget':
        return this.#forget(repository, words);
      case 'dump': {
        const [id, path = ''] = words.slice(-2);
        const text = repository.snapshots.find((one) => one.id === id)?.tree.get(path)?.text;
        return text === undefined ? fatal(`path ${path} not found in snapshot`) : well(text.trimEnd());
      }
      case 'restore':
        return this.#restore(repository, words);
      default:
        return fatal(`unknown command ${verb}`);
    }
  }

  #newId(): string {
    this.#count++;
    return createHash('sha256').update(`snapshot ${this.#count}`).digest('hex');
  }

  #backup(repository: FakeRepository, words: readonly string[]): CommandResult {
    const { files, clock, docker } = this.#host;
    const paths = words.slice(words.indexOf('--') + 1);
    const all = paths.flatMap((path) => files.below(path));
    const tree = new Map(all.map((path) => [path, files.tree.get(path) as FakeNode]));
    const isWhole = paths.every((path) => tree.has(path)) && !all.some((path) => this.unreadable.has(path));
    const up = docker.containers.all.filter(({ state }) => state === 'running');
    this.running.push(up.map(({ name }) => name).sort());
    const tags = [words[words.indexOf('--tag') + 1] ?? ''];
    const id = this.#newId();
    repository.snapshots.push({ id, tags, time: new Date(clock.now()), paths, tree });
    const summary = { message_type: 'summary', snapshot_id: id.slice(0, 8), data_added: 1024 * 1024 };
    const lines = [JSON.stringify({ message_type: 'status', percent_done: 0.5 }), JSON.stringify(summary)];
    return { exitCode: isWhole ? 0 : 3, output: lines.join('\n') };
  }

  #change(repository: FakeRepository, id: string, change: (found: FakeSnapshot) => void): CommandResult {
    if (repository.isLocked) return fatal('unable to create lock in backend: repository is already locked');
    const found = repository.snapshots.find((one) => one.id.startsWith(id));
    if (found === undefined) return fatal(`no matching ID found for prefix "${id}"`);
    change(found);
    return well();
  }

  #forget(repository: FakeRepository, words: readonly string[]): CommandResult {
    if (repository.isLocked) return fatal('unable to create lock in backend: repository is already locked');
    if (!words.includes('--prune')) {
      repository.snapshots = repository.snapshots.filter(({ id }) => !words.includes(id));
      return well();
    }
    const daily = Number(words[words.indexOf('--keep-daily') + 1]);
    const complete = repository.snapshots.filter(({ tags }) => tags.includes('complete'));
    const newest = complete.at(-1)?.time.getTime() ?? 0;
    const lastOfDay = new Map(complete.map((one) => [Math.floor(one.time.getTime() / DAY_MS), one]));
    const kept = new Set([
      ...[...lastOfDay.values()].slice(-daily),
      ...complete.filter(({ time }) => newest - time.getTime() < DAY_MS),
    ]);
    repository.snapshots = repository.snapshots.filter((one) => !complete.includes(one) || kept.has(one));
    return well();
  }

  #restore(repository: FakeRepository, words: readonly string[]): CommandResult {
    const { files } = this.#host;
    const id = words[2] ?? '';
    const target = words[words.indexOf('--target') + 1] ?? '';
    const includes = words.filter((_, at) => words[at - 1] === '--include');
    const isWanted = (path: string): boolean =>
      includes.length === 0 || includes.some((one) => path === one || path.startsWith(`${one}/`));
    const found = repository.snapshots.find((one) => one.id === id);
    if (found === undefined) return fatal(`no snapshot ${id}`);
    for (const [path, node] of found.tree) if (isWanted(path)) files.put(target + path, node);
    return well();
  }
}

/** find(1) that closes what is not of one UID. */
export const fakeFind = ({ files }: FakeHost): FakeProgramOfHost => ({
  run: ([place = '', ...words]) => {
    const uid = Number(words[words.indexOf('-uid') + 1]);
    if (!files.tree.has(place)) return { exitCode: 1, output: `find: '${place}': No such file or directory` };
    for (const path of files.below(place)) {
      const node = files.tree.get(path);
      if (node !== undefined && node.uid !== uid) files.tree.set(path, { ...node, mode: node.mode & 0o1700 });
    }
    return well();
  },
});
