/** A value that prints as `[hidden]` wherever it is printed by accident: templates, JSON, inspect. */
export interface Secret {
  readonly reveal: () => string;
  readonly toString: () => string;
  readonly toJSON: () => string;
}

const HIDDEN = '[hidden]';

export const secret = (value: string): Secret => ({
  reveal: () => value,
  toString: () => HIDDEN,
  toJSON: () => HIDDEN,
});

/** How a generated secret has to look for the program that reads it. */
export type SecretFormat = 'hex' | 'token' | 'password' | 'sk';

/** A source of random bytes: the host's in life, a fixed one in tests. */
export type RandomBytes = (count: number) => Buffer;

/**
 * Makes a secret: `hex`, `token` and `sk` carry 256 bits, `password` 144. An `sk` is a token behind `sk-`, as
 * OpenAI's keys look: LiteLLM takes no other.
 * All letters are of A–Z a–z 0–9 - _, which needs no quoting in a URL, a shell, a `.env` or a config file.
 */
export function generateSecret(format: SecretFormat, random: RandomBytes): string {
  if (format === 'hex') return random(32).toString('hex');
  if (format === 'sk') return `sk-${random(32).toString('base64url')}`;
  return random(format === 'token' ? 32 : 18).toString('base64url');
}
