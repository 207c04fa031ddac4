/** One account of the machine. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  /** Those who are in it beside their primary group. */
  readonly members: readonly string[];
}

/** What the caller hands over beside the command line. */
export interface Input {
  /**
   * All of stdin, to its end.
   * @throws AiplatError (exit 2) when it is longer.
   */
  text(limitBytes: number): Promise<string>;
}

export interface Accounts {
  byUid(uid: number): Promise<Account | undefined>;
  byName(name: string): Promise<Account | undefined>;
  group(name: string): Promise<Group | undefined>;
  groupByGid(gid: number): Promise<Group | undefined>;
  /** Names of all groups of an account, the primary one among them. */
  groupsOf(name: string): Promise<string[]>;
  isMember(uid: number, group: string): Promise<boolean>;
  /** Is this ID promised to the user namespaces of some account? */
  isDelegated(id: number): Promise<boolean>;
  /** An account of the system for one program, with a group of its own: no home, no shell. */
  addAccount(name: string): Promise<void>;
  removeAccount(name: string): Promise<void>;
  addGroup(name: string): Promise<void>;
  removeGroup(name: string): Promise<void>;
  addMember(user: string, group: string): Promise<void>;
  removeMember(user: string, group: string): Promise<void>;
}
