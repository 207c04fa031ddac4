import type { Endpoint } from './walls.ts';

/** A request to a server inside a tenant's network. */
export interface HttpRequest {
  readonly endpoint: Endpoint;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body: object;
  /** So long it may say nothing, in milliseconds. */
  readonly silenceMs: number;
}

/** What a tenant's server answers is what that tenant wants it to: a bound holds for its length and its silence. */
export interface Http {
  /**
   * Hands over the answer line by line as it comes; what `onLine` throws ends the request and is thrown.
   * @returns the status of the answer.
   * @throws AiplatError (exit 1) when it does not answer, falls silent, or says more than an answer has.
   */
  ask(request: HttpRequest, onLine: (line: string) => void): Promise<number>;
}
