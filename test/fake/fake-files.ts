import { notReady, refused } from '../../src/errors.ts';
import type { FileOwner, Files, PathFacts, Space } from '../../src/host/host.ts';
import type { Directory } from '../../src/tenant/layout.ts';
import type { Life } from './life.ts';

export interface FakeNode extends PathFacts {
  /** Of regular files alone. */
  readonly text?: string;
}

const errno = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/** A file system as one map from absolute path to what stands there. Parents exist, or writing is refused. */
export class FakeFiles implements Files {
  readonly tree = new Map<string, FakeNode>();
  readonly mountPoints = new Set<string>();
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
    this.tree.set('/', { kind: 'directory', uid: 0, gid: 0, mode: 0o755 });
  }

  /** Puts a thing there as if it had always been: no change of the process. */
  put(path: string, node: Partial<FakeNode> = {}): void {
    const kind = node.kind ?? (node.text === undefined ? 'directory' : 'file');
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

  readText(path: string, limitBytes: number): Promise<string | undefined> {
    return this.#life.look(() => {
      const node = this.tree.get(path);
      if (node === undefined) return undefined;
      const text = node.text ?? '';
      if (node.kind === 'file' && Buffer.byteLength(text) <= limitBytes) return text;
      throw refused(`${path} cannot be read.`, 'It is no small regular file.', 'Put a plain file there.');
    });
  }

  stat(path: string): Promise<PathFacts | undefined> {
    return this.#life.look(() => {
      const node = this.tree.get(path);
      if (node === undefined) return undefined;
      const { kind, uid, gid, mode } = node;
      return { kind, uid, gid, mode };
    });
  }

  list(folder: string): Promise<string[]> {
    const path = folder.replace(/\/+$/, '');
    return this.#life.look(() => {
      const depth = path.split('/').length;
      const children = this.below(path).filter(
        (other) => other !== path && other.split('/').length === depth + 1,
      );
      return children.map((child) => child.slice(path.length + 1));
    });
  }

  makeDirectory({ path, uid, gid, mode }: Directory): Promise<void> {
    return this.#life.change(`make directory ${path}`, () => {
      const found = this.tree.get(path);
      if (found !== undefined && found.kind !== 'directory') {
        throw notReady(`${path} is no directory.`, 'Something else stands there.', 'Move it away.');
      }
      this.#makeParents(path);
      this.tree.set(path, { kind: 'directory', uid, gid, mode });
    });
  }

  writeText(path: string, text: string, { uid, gid, mode }: FileOwner): Promise<void> {
    return this.#life.change(`write ${path}`, () => {
      if (this.tree.get(parentOf(path))?.kind !== 'directory') throw errno('ENOENT', path);
      if (this.tree.get(path)?.kind === 'directory') throw errno('EISDIR', path);
      this.tree.set(path, { kind: 'file', uid, gid, mode, text });
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#life.change(`rename ${from} to ${to}`, () => {
      if (!this.tree.has(from)) throw errno('ENOENT', from);
      if (this.tree.get(parentOf(to))?.kind !== 'directory') throw errno('ENOENT', to);
      if (this.below(to).length > 1) throw errno('ENOTEMPTY', to);
      for (const path of this.below(from)) {
        const node = this.tree.get(path);
        this.tree.delete(path);
        if (node !== undefined) this.tree.set(to + path.slice(from.length), node);
      }
    });
  }

  removeEmptyDirectory(path: string): Promise<void> {
    return this.#life.change(`remove empty ${path}`, () => {
      if (this.mountPoints.has(path)) throw errno('EBUSY', path);
      if (this.below(path).length === 1) this.tree.delete(path);
    });
  }

  removeTree(path: string): Promise<void> {
    return this.#life.change(`remove ${path}`, () => {
      if (this.below(path).some((other) => this.mountPoints.has(other))) throw errno('EBUSY', path);
      for (const other of this.below(path)) this.tree.delete(other);
    });
  }

  space(path: string): Promise<Space | undefined> {
    return this.#life.look(() => (this.tree.has(path) ? { totalBytes: 10e9, usedBytes: 1e9 } : undefined));
  }

  isMountPoint(path: string): Promise<boolean> {
    return this.#life.look(() => this.mountPoints.has(path));
  }

  #makeParents(path: string): void {
    const parent = parentOf(path);
    if (this.tree.has(parent)) {
      if (this.tree.get(parent)?.kind !== 'directory') throw errno('ENOTDIR', parent);
      return;
    }
    this.#makeParents(parent);
    this.tree.set(parent, { kind: 'directory', uid: 0, gid: 0, mode: 0o755 });
  }
}
