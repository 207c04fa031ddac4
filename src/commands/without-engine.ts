import { AiplatError, EXIT } from '../errors.ts';

/** For questions that have an answer where no engine runs: then there are no containers. */
export function withoutEngine(thrown: unknown): [] {
  if (thrown instanceof AiplatError && thrown.exitCode === EXIT.notReady) return [];
  throw thrown;
}
