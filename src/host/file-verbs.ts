import type { Directory } from '../tenant/layout.ts';
import { explained, isMissing } from './file-errors.ts';

type Verb<Args extends [string | Directory, ...unknown[]], Answer> = (...args: Args) => Promise<Answer>;

/** The same verb, with words for what the kernel answers. */
export function told<Args extends [string | Directory, ...unknown[]], Answer>(
  done: string,
  verb: Verb<Args, Answer>,
): Verb<Args, Answer> {
  return async (...args) => {
    try {
      return await verb(...args);
    } catch (thrown) {
      const [first] = args;
      throw explained(thrown, typeof first === 'string' ? first : first.path, done);
    }
  };
}

/** The same verb, with an answer for a path where nothing stands. */
export function orMissing<Args extends [string, ...unknown[]], Answer>(
  answer: Answer,
  verb: Verb<Args, Answer>,
): Verb<Args, Answer> {
  return async (...args) => {
    try {
      return await verb(...args);
    } catch (thrown) {
      if (isMissing(thrown)) return answer;
      throw thrown;
    }
  };
}
