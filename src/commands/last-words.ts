/** Says something before a signal ends the command. */
export type Word = () => Promise<void>;

/** What has to be said when a signal ends a command in the middle. */
export interface LastWords {
  /** @returns what takes the word back. */
  keep(word: Word): () => void;
  /** Says all that is kept, each once. */
  say(): Promise<void>;
}

export function lastWords(): LastWords {
  const kept = new Set<Word>();
  return {
    keep(word) {
      kept.add(word);
      return () => kept.delete(word);
    },
    async say() {
      const words = [...kept];
      kept.clear();
      await Promise.all(words.map((word) => word()));
    },
  };
}
