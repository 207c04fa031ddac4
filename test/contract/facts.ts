/** What a port says. A path that is not listed is answered with 404. */
export interface Answer {
  readonly status: number;
  /** A request without this header gets 401. */
  readonly header?: readonly [name: string, value: string];
  /** What it says, where somebody reads that. */
  readonly body?: string;
}

export interface Listening {
  readonly port: number;
  /** By path; left out, the port takes connections and says nothing. */
  readonly answers?: Readonly<Record<string, Answer>>;
}

export interface EnvFact {
  /** A regular expression that the whole value fits. */
  readonly format: string;
  /** It may be left out. */
  readonly optional?: true;
  /** The program reads the file that NAME_FILE names, too. */
  readonly orFile?: true;
}

export interface WriteFact {
  readonly path: string;
  /** Data that has to outlive the container: a mount, and not one in memory. */
  readonly persists?: true;
}

/** An address as the program builds it from its environment. A TCP address is HOST:PORT or a URL of any scheme. */
export type ReachFact =
  | { readonly tcp: string }
  /** A connection that stays. */
  | { readonly holds: string }
  | { readonly http: string; readonly headers?: Readonly<Record<string, string>> }
  /** A login with the user and password of a URL. */
  | { readonly redis: string }
  | { readonly postgres: string };

/**
 * A program of the image: the real one, one that does nothing but ask the URL on its command line, or one that
 * asks a URL that it knows by itself when it is called with these words.
 */
export type Tool = 'real' | 'asks' | { readonly words: string; readonly asks: string };

/** What has to hold before the program works. In texts `$NAME` is the value of an environment variable. */
export interface Conditions {
  readonly env?: Readonly<Record<string, EnvFact>>;
  /** Files that must be there, with regular expressions that fit some part of them. */
  readonly files?: Readonly<Record<string, readonly string[]>>;
  /** Addresses that must answer. */
  readonly reaches?: readonly ReachFact[];
}

/**
 * What upstream's sources and documentation say of one image. It is kept apart from the catalogue and written
 * from upstream alone: a mistake in an entry shows, because the two disagree.
 */
export interface Facts extends Conditions {
  /** The name of the catalogue's entry. */
  readonly service: string;
  /** Where these facts stand, with the version or date. */
  readonly sources: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command?: readonly string[];
  /** Absolute paths of the programs that start the service. */
  readonly programs: readonly string[];
  /** What else the image has, of sh, bash, node, curl, wget, python3 and programs of its own. */
  readonly tools: Readonly<Record<string, Tool>>;
  /** Folders of the image and files that it has, whose owner is not root. */
  readonly ships?: readonly { readonly path: string; readonly uid: number; readonly text?: string }[];
  readonly listens: readonly Listening[];
  /** Regular expressions that fit the command line. */
  readonly commandLine?: readonly string[];
  /** It has to start as root, with these capabilities. */
  readonly root?: { readonly capabilities: readonly string[] };
  readonly writes?: readonly WriteFact[];
  /** Paths that the process has no business to write to. */
  readonly closed?: readonly string[];
  /** What holds when a variable has a certain value, such as VECTOR_DB. */
  readonly when?: readonly (Conditions & { readonly name: string; readonly is: string })[];
}
