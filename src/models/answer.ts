/** What Ollama says while it pulls, as far as it is of use (its docs/api.md, "Pull a Model"). */
export interface Said {
  readonly status: string;
  readonly error: string | undefined;
  /** Of the part that it is at. */
  readonly part: { readonly digest: string; readonly total: number; readonly done: number } | undefined;
}

/** Letters of its words that are worth repeating. */
const MOST_LETTERS = 200;

/** Reads one line of an answer: whatever a tenant has it say. Undefined when it is no such line. */
export function parseSaid(line: string): Said | undefined {
  const value = parse(line);
  if (typeof value !== 'object' || value === null) return undefined;
  const { status, error, digest, total, completed } = value as Readonly<Record<string, unknown>>;
  return {
    status: text(status) ?? '',
    error: text(error),
    part:
      typeof digest === 'string' && isSize(total)
        ? { digest: digest.slice(0, MOST_LETTERS), total, done: isSize(completed) ? completed : 0 }
        : undefined,
  };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.slice(0, MOST_LETTERS) : undefined;

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The parts of a model as they come. No model has more parts than this. */
const MOST_PARTS = 1000;

/** Adds up a pull: what is there, and what has to come still. */
export class Tally {
  readonly #parts = new Map<string, { total: number; done: number; first: number }>();

  note({ digest, total, done }: NonNullable<Said['part']>): void {
    const before = this.#parts.get(digest);
    if (before === undefined && this.#parts.size >= MOST_PARTS) return;
    this.#parts.set(digest, { total, done, first: before?.first ?? done });
  }

  get total(): number {
    return this.#sum(({ total }) => total);
  }

  get done(): number {
    return this.#sum(({ done }) => done);
  }

  /** Bytes that this pull puts on the disk: parts that were there before are not counted. */
  get needed(): number {
    return this.#sum(({ total, first }) => Math.max(0, total - first));
  }

  #sum(pick: (part: { total: number; done: number; first: number }) => number): number {
    return [...this.#parts.values()].reduce((sum, part) => sum + pick(part), 0);
  }
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1);

/** `pulling 3f4a…: 1.2 of 4.7 GB` */
export const progressWords = ({ status }: Said, { done, total }: Tally): string =>
  total === 0 ? status : `${gigabytes(done)} of ${gigabytes(total)} GB, ${status}`;
