import { isRootsAlone } from '../../src/host/beneath.ts';
import {
  explained,
  ledAway,
  notDirectory,
  requireReadable,
  requireText,
  stillMounted,
} from '../../src/host/file-errors.ts';
import type { FileOwner, Files, PathFacts, Space } from '../../src/host/host.ts';
import type { Directory } from '../../src/tenant/layout.ts';
import type { Life } from './life.ts';

export interface FakeNode extends PathFacts {
  /** Of regular files alone. */
  readonly text?: string;
  /** Where a symbolic link leads. */
  readonly link?: string;
  /** How many names (hard links) a file has; one where it is not said. */
  readonly links?: number;
}

/** What the real files make of an answer of the kernel. */
const answer = (code: string, path: string, done: string): unknown =>
  explained(Object.assign(new Error(`${code}: ${path}`), { code }), path, done);

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** A file system as one map from absolute path to what stands there. Parents exist, or writing is refused. */
export class FakeFiles implements Files {
  readonly tree = new Map<string, FakeNode>();
  /** Of every file system. */
  room: Space = { totalBytes: 10e9, usedBytes: 1e9 };
  readonly mountPoints = new Set<string>();
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
    this.tree.set('/', { kind: 'directory', uid: 0, gid: 0, mode: 0o755 });
  }

  /** Puts a thing there as if it had always been: no change of the process. */
  put(path: string, node: Partial<FakeNode> = {}): void {
    const bare = node.link === undefined ? 'directory' : 'other';
    const kind = node.kind ?? (node.text === undefined ? bare : 'file');
    this.#makeParents(path);
    this.tree.set(path, { uid: 0, gid: 0, mode: kind === 'directory' ? 0o755 : 0o644, ...node, kind });
  }

  text(path: string): string | undefined {
    return this.tree.get(path)?.text;
  }

  /** Every path at or below this one, in order. */
  below(path: string): string[] {
    return [...this.tree.keys()].filter((other) => other === path || other.startsWith(`${path}/`)).sort();
  }

  readText(path: string, limitBytes: number, owners?: readonly number[]): Promise<string | undefined> {
    return this.#life.look(() => {
      const node = this.tree.get(this.#arrive(path));
      if (node === undefined) return undefined;
      const { text = '', uid, links = 1 } = node;
      const kind = node.link === undefined ? node.kind : 'link';
      requireReadable(path, { kind, uid, links, bytes: Buffer.byteLength(text) }, limitBytes, owners);
      if (owners !== undefined) requireText(path, Buffer.from(text));
      return text;
    });
  }

  stat(path: string): Promise<PathFacts | undefined> {
    return this.#life.look(() => {
      const node = this.tree.get(this.#arrive(path));
      if (node === undefined) return undefined;
      const { kind, uid, gid, mode } = node;
      return { kind, uid, gid, mode };
    });
  }

  size(path: string): Promise<number | undefined> {
    return this.#life.look(() => {
      const node = this.tree.get(this.#arrive(path));
      return node?.text === undefined ? undefined : Buffer.byteLength(node.text);
    });
  }

  list(folder: string): Promise<string[]> {
    return this.#life.look(() => {
      const path = this.#arrive(`${folder}/.`).replace(/\/\.$/, '');
      const depth = path.split('/').length;
      const children = this.below(path).filter(
        (other) => other !== path && other.split('/').length === depth + 1,
      );
      return children.map((child) => child.slice(path.length + 1));
    });
  }

  makeDirectory({ path: asked, uid, gid, mode }: Directory): Promise<void> {
    return this.#life.change(`make directory ${asked}`, () => {
      const path = this.#arrive(asked);
      const found = this.tree.get(path);
      if (found !== undefined && found.kind !== 'directory') throw notDirectory(asked);
      this.#makeParents(path, asked);
      this.tree.set(path, { kind: 'directory', uid, gid, mode });
    });
  }

  writeText(asked: string, content: string | Buffer, { uid, gid, mode }: FileOwner): Promise<void> {
    return this.#life.change(`write ${asked}`, () => {
      const path = this.#arrive(asked);
      const parent = this.tree.get(parentOf(path))?.kind;
      if (parent !== 'directory') throw answer(parent === undefined ? 'ENOENT' : 'ENOTDIR', asked, 'written');
      if (this.tree.get(path)?.kind === 'directory') throw answer('EISDIR', asked, 'written');
      this.tree.set(path, { kind: 'file', uid, gid, mode, text: content.toString() });
    });
  }

  rename(askedFrom: string, askedTo: string): Promise<void> {
    return this.#life.change(`rename ${askedFrom} to ${askedTo}`, () => {
      const [from, to] = [this.#arrive(askedFrom), this.#arrive(askedTo)];
      const isReady = this.tree.has(from) && this.tree.get(parentOf(to))?.kind === 'directory';
      if (!isReady) throw answer('ENOENT', askedFrom, 'moved');
      if (this.below(to).length > 1) throw answer('ENOTEMPTY', askedFrom, 'moved');
      for (const path of this.below(from)) {
        const node = this.tree.get(path);
        this.tree.delete(path);
        if (node !== undefined) this.tree.set(to + path.slice(from.length), node);
      }
    });
  }

  removeEmptyDirectory(asked: string): Promise<void> {
    return this.#life.change(`remove empty ${asked}`, () => {
      const path = this.#arrive(asked);
      if (this.mountPoints.has(path)) throw answer('EBUSY', asked, 'removed');
      if (this.below(path).length === 1) this.tree.delete(path);
    });
  }

  removeTree(asked: string): Promise<void> {
    return this.#life.change(`remove ${asked}`, () => {
      const path = this.#arrive(asked);
      const mounted = this.below(path).filter((other) => this.mountPoints.has(other));
      if (mounted.length > 0) throw stillMounted(asked, mounted);
      for (const other of this.below(path)) this.tree.delete(other);
    });
  }

  space(path: string): Promise<Space | undefined> {
    return this.#life.look(() => (this.tree.has(this.#arrive(path)) ? this.room : undefined));
  }

  isMountPoint(path: string): Promise<boolean> {
    return this.#life.look(() => this.mountPoints.has(this.#arrive(`${path}/.`).replace(/\/\.$/, '')));
  }

  /** Where a path leads: through links that are root's in directories that are root's alone, and through no other. */
  #arrive(path: string): string {
    const ahead = path.split('/').filter((name) => name !== '');
    let at = '';
    for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
      const link = ahead.length === 0 ? undefined : this.tree.get(`${at}/${name}`);
      if (link?.link === undefined) {
        at = name === '..' ? at.slice(0, at.lastIndexOf('/')) : `${at}/${name}`;
        continue;
      }
      const holder = this.tree.get(at || '/');
      if (link.uid !== 0 || holder === undefined || !isRootsAlone(holder))
        throw ledAway(path.replace(/\/\.$/, ''), name, link.link);
      if (link.link.startsWith('/')) at = '';
      ahead.unshift(...link.link.split('/').filter((part) => part !== ''));
    }
    return at || '/';
  }

  #makeParents(path: string, asked = path): void {
    const parent = parentOf(path);
    if (this.tree.has(parent)) {
      if (this.tree.get(parent)?.kind !== 'directory') throw answer('ENOTDIR', asked, 'made');
      return;
    }
    this.#makeParents(parent, asked);
    this.tree.set(parent, { kind: 'directory', uid: 0, gid: 0, mode: 0o755 });
  }
}
