import { notReady } from '../../src/errors.ts';
import type { Journal, JournalFile } from '../../src/host/host.ts';
import type { Life } from './life.ts';

/** Journals in memory. A line is about a change and is none itself: it counts neither as one nor as state. */
export class FakeJournal implements Journal {
  readonly lines: string[] = [];
  /** The file that was last written to. */
  file: JournalFile | undefined;
  /** From the beginning of a command on, or not before its end. */
  isFull: 'never' | 'known' | 'meanwhile' = 'never';
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  /** What stands in it. */
  get entries(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  prepare({ path }: JournalFile): Promise<void> {
    return this.#life.look(() => {
      if (this.isFull === 'known') throw notReady('The audit log cannot be written.', path, 'Make room.');
    });
  }

  append(file: JournalFile, line: string): Promise<void> {
    return this.#life.look(() => {
      if (this.isFull !== 'never') throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      this.file = file;
      this.lines.push(line);
    });
  }
}
