import type { Account, Accounts, Group, Sysctl } from '../../src/host/host.ts';
import type { Life } from './life.ts';

const FIRST_SYSTEM_GID = 990;
const SYSTEM_UID = 980;

/** The accounts and groups of the machine. Each account has a group with its own name and number. */
export class FakeAccounts implements Accounts {
  readonly all: Account[] = [];
  /** Group → names of its members. */
  readonly groups = new Map<string, Set<string>>();
  /** IDs that user namespaces have been promised. */
  readonly delegated = new Set<number>();
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  byUid(uid: number): Promise<Account | undefined> {
    return this.#life.look(() => this.all.find((account) => account.uid === uid));
  }

  byName(name: string): Promise<Account | undefined> {
    return this.#life.look(() => this.all.find((account) => account.name === name));
  }

  group(name: string): Promise<Group | undefined> {
    return this.#life.look(() => this.#groups().find((group) => group.name === name));
  }

  groupByGid(gid: number): Promise<Group | undefined> {
    return this.#life.look(() => this.#groups().find((group) => group.gid === gid));
  }

  groupsOf(name: string): Promise<string[]> {
    return this.#life.look(() =>
      this.#groups()
        .filter((group) => group.name === name || group.members.includes(name))
        .map((group) => group.name),
    );
  }

  async isMember(uid: number, group: string): Promise<boolean> {
    const name = this.all.find((account) => account.uid === uid)?.name ?? '';
    return (await this.groupsOf(name)).includes(group);
  }

  isDelegated(id: number): Promise<boolean> {
    return this.#life.look(() => this.delegated.has(id));
  }

  addAccount(name: string): Promise<void> {
    return this.#life.change(`add account ${name}`, () => {
      this.all.push({ name, uid: SYSTEM_UID, gid: SYSTEM_UID });
    });
  }

  removeAccount(name: string): Promise<void> {
    return this.#life.change(`remove account ${name}`, () => {
      this.all.splice(0, this.all.length, ...this.all.filter((account) => account.name !== name));
    });
  }

  addGroup(name: string): Promise<void> {
    return this.#life.change(`add group ${name}`, () => {
      if (this.groups.has(name)) throw new Error(`group '${name}' already exists`);
      this.groups.set(name, new Set());
    });
  }

  removeGroup(name: string): Promise<void> {
    return this.#life.change(`remove group ${name}`, () => {
      if (!this.groups.delete(name)) throw new Error(`group '${name}' does not exist`);
    });
  }

  addMember(user: string, group: string): Promise<void> {
    return this.#life.change(`add ${user} to ${group}`, () => {
      this.#membersOf(group).add(user);
    });
  }

  removeMember(user: string, group: string): Promise<void> {
    return this.#life.change(`take ${user} out of ${group}`, () => {
      if (!this.#membersOf(group).delete(user))
        throw new Error(`user '${user}' is not a member of '${group}'`);
    });
  }

  #membersOf(group: string): Set<string> {
    const members = this.groups.get(group);
    if (members === undefined) throw new Error(`group '${group}' does not exist`);
    return members;
  }

  #groups(): Group[] {
    const own = this.all.map(({ name, gid }) => ({
      name,
      gid,
      members: [...(this.groups.get(name) ?? [])],
    }));
    const others = [...this.groups]
      .filter(([name]) => !own.some((group) => group.name === name))
      .map(([name, members], at) => ({ name, gid: FIRST_SYSTEM_GID + at, members: [...members] }));
    return [...own, ...others];
  }
}

/** Settings of the kernel. */
export class FakeSysctl implements Sysctl {
  readonly all = new Map<string, string>([['net.ipv4.ip_local_reserved_ports', '']]);
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  get(name: string): Promise<string | undefined> {
    return this.#life.look(() => this.all.get(name));
  }

  set(name: string, value: string): Promise<void> {
    return this.#life.change(`set ${name}`, () => {
      if (!this.all.has(name)) throw new Error(`no setting ${name}`);
      this.all.set(name, value);
    });
  }
}
