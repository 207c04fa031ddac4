import { AiplatError, EXIT, notReady } from '../../src/errors.ts';
import type {
  AppArmor,
  GroupDirectory,
  PacketFilter,
  Slice,
  SliceLimits,
  Slices,
  SliceUsage,
  Units,
} from '../../src/host/host.ts';
import type { FakeFiles } from './fake-files.ts';
import type { Life } from './life.ts';

/** The AppArmor of the fake kernel. */
export class FakeAppArmor implements AppArmor {
  /** Profile → mode; undefined is a kernel without AppArmor. */
  profiles: Map<string, string> | undefined = new Map([['docker-default', 'enforce']]);
  isParserThere = true;
  /** A load loses the profiles of these names, and says that all is well. */
  readonly lost = new Set<string>();
  /** Process → the profile that it wears. */
  worn: () => ReadonlyMap<number, string> = () => new Map();
  readonly #life: Life;
  readonly #files: FakeFiles;

  constructor(life: Life, files: FakeFiles) {
    this.#life = life;
    this.#files = files;
  }

  loaded(): Promise<ReadonlyMap<string, string> | undefined> {
    return this.#life.look(() => this.profiles && new Map(this.profiles));
  }

  hasParser(): Promise<boolean> {
    return this.#life.look(() => this.isParserThere);
  }

  load(path: string): Promise<void> {
    return this.#life.change(`load profiles of ${path}`, () => {
      const text = this.#files.text(path);
      if (!this.isParserThere || text === undefined) {
        throw notReady('The profiles cannot be loaded.', `no ${path}`, 'Write them.');
      }
      for (const [, name = ''] of text.matchAll(/^profile (\S+) /gm)) {
        if (!this.lost.has(name)) this.profiles?.set(name, 'enforce');
      }
    });
  }

  unload(names: readonly string[]): Promise<void> {
    return this.#life.change(`unload ${names.join(', ')}`, () => {
      const worn = names.find((name) => [...this.worn().values()].includes(name));
      if (worn !== undefined) {
        const [what, why, fix] = [`${worn} is worn.`, 'A process wears it.', 'End it.'];
        throw new AiplatError({ what, why, fix, exitCode: EXIT.stopped });
      }
      for (const name of names) this.profiles?.delete(name);
    });
  }

  labelOf(pid: number): Promise<string | undefined> {
    return this.#life.look(() => {
      const name = this.worn().get(pid);
      if (name === undefined) return undefined;
      // The processes of a profile that was removed go on without any.
      return this.profiles?.has(name) ? `${name} (${this.profiles.get(name)})` : 'unconfined';
    });
  }
}

const GROUPS = '/sys/fs/cgroup/aiplat.slice';

/** The control groups of tenants. */
export class FakeSlices implements Slices {
  readonly all = new Map<string, SliceLimits>();
  readonly #life: Life;
  readonly #files: FakeFiles;

  constructor(life: Life, files: FakeFiles) {
    this.#life = life;
    this.#files = files;
  }

  directories({ parent }: Slice): Promise<readonly GroupDirectory[]> {
    return this.#life.look(() => [{ name: 'unified', path: `${GROUPS}/${parent}` }]);
  }

  limits({ parent }: Slice): Promise<SliceLimits | undefined> {
    return this.#life.look(() => this.all.get(parent));
  }

  usage({ parent }: Slice): Promise<SliceUsage | undefined> {
    return this.#life.look(() => (this.all.has(parent) ? { memoryBytes: 256e6, pids: 12 } : undefined));
  }

  apply({ parent }: Slice, { cpuWeight, ioWeight, memoryBytes, pids }: SliceLimits): Promise<void> {
    return this.#life.change(`limit ${parent}`, () => {
      this.all.set(parent, { cpuWeight, ioWeight, memoryBytes, pids });
      this.#files.put(`${GROUPS}/${parent}`);
    });
  }

  remove({ parent }: Slice): Promise<void> {
    return this.#life.change(`remove limits of ${parent}`, () => {
      this.all.delete(parent);
      this.#files.tree.delete(`${GROUPS}/${parent}`);
    });
  }
}

/** The packet filter of the fake kernel. It keeps the text and tells it as nft does. */
export class FakePacketFilter implements PacketFilter {
  text: string | undefined;
  isProgramThere = true;
  readonly #life: Life;
  readonly #files: FakeFiles;

  constructor(life: Life, files: FakeFiles) {
    this.#life = life;
    this.#files = files;
  }

  hasProgram(): Promise<boolean> {
    return this.#life.look(() => this.isProgramThere);
  }

  table(): Promise<string | undefined> {
    return this.#life.look(() => (this.text === undefined ? undefined : asJson(this.text)));
  }

  load(path: string): Promise<void> {
    return this.#life.change(`load firewall ${path}`, () => {
      this.text = this.#files.text(path);
    });
  }

  remove(): Promise<void> {
    return this.#life.change('remove firewall', () => {
      this.text = undefined;
    });
  }
}

/** What `nft --json list table` says of such a text. */
function asJson(text: string): string {
  const objects: object[] = [];
  let chain = '';
  for (const line of text.split('\n')) {
    const opened = /^ {2}chain (\w+)/.exec(line)?.[1];
    if (opened !== undefined) objects.push({ chain: { name: opened } });
    chain = opened ?? chain;
    const isRule = /^ {4}[^#\s]/.test(line) && !line.includes(' hook ');
    if (isRule) objects.push({ rule: { chain } });
    const owners = /set owners .*elements = \{ (.*?) \}/.exec(line)?.[1];
    if (owners === undefined) continue;
    const elem = owners.split(', ').map((one) => {
      const [address = '', port, uid] = one.split(' . ');
      return { concat: [address, Number(port), Number(uid)] };
    });
    objects.push({ set: { name: 'owners', elem } });
  }
  return JSON.stringify({ nftables: objects });
}

/** The service manager of the fake machine. */
export class FakeUnits implements Units {
  readonly all = new Map<string, string>();
  /** Those that run, as far as somebody started them. */
  readonly started = new Set<string>();
  isBooted = true;
  readonly #life: Life;
  readonly #files: FakeFiles;

  constructor(life: Life, files: FakeFiles) {
    this.#life = life;
    this.#files = files;
  }

  isThere(): Promise<boolean> {
    return this.#life.look(() => this.isBooted);
  }

  isEnabled(unit: string): Promise<boolean> {
    return this.#life.look(() => this.all.has(unit));
  }

  start(unit: string): Promise<void> {
    return this.#life.change(`start ${unit}`, () => {
      this.started.add(unit);
    });
  }

  text(unit: string): Promise<string | undefined> {
    return this.#life.look(() => this.all.get(unit));
  }

  enable(unit: string, text: string): Promise<void> {
    return this.#life.change(`enable ${unit}`, () => {
      this.all.set(unit, text);
      this.#files.put(`/etc/systemd/system/${unit}`, { text });
    });
  }

  disable(unit: string): Promise<void> {
    return this.#life.change(`disable ${unit}`, () => {
      this.all.delete(unit);
      this.started.delete(unit);
      this.#files.tree.delete(`/etc/systemd/system/${unit}`);
    });
  }
}
