import { type IncomingMessage, request as send } from 'node:http';
import { AiplatError, EXIT, messageOf } from '../errors.ts';
import type { Http, HttpRequest } from './host.ts';

/** A line of progress has some hundred letters, and one comes sixteen times a second for as long as it takes. */
const LONGEST_LINE = 64 * 1024;
const LONGEST_ANSWER = 256 * 1024 * 1024;

/** Servers in the networks of tenants, asked from the host. Redirects are not followed, and no proxy is asked. */
export const realHttp: Http = {
  async ask(wish, onLine) {
    const answer = await answerTo(wish);
    await readLines(answer, wish, onLine);
    return answer.statusCode ?? 0;
  },
};

function answerTo({ endpoint, method, path, body, silenceMs }: HttpRequest): Promise<IncomingMessage> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = send(
      {
        host: endpoint.address,
        port: endpoint.port,
        method,
        path,
        agent: false,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
        timeout: silenceMs,
      },
      resolve,
    );
    request.on('timeout', () => request.destroy(new Error(`it said nothing for ${silenceMs / 1000} s`)));
    request.on('error', (thrown) => reject(noAnswer(endpoint, thrown)));
    request.end(text);
  });
}

async function readLines(
  answer: IncomingMessage,
  { endpoint, silenceMs }: HttpRequest,
  onLine: (line: string) => void,
): Promise<void> {
  let rest = '';
  let length = 0;
  answer.setEncoding('utf8');
  answer.setTimeout(silenceMs, () => answer.destroy(new Error(`it said nothing for ${silenceMs / 1000} s`)));
  const chunks = answer[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await chunks.next().catch((thrown: unknown) => {
        throw noAnswer(endpoint, thrown);
      });
      if (done) break;
      const lines = (rest + String(value)).split('\n');
      rest = lines.pop() ?? '';
      length += String(value).length;
      if (rest.length > LONGEST_LINE || length > LONGEST_ANSWER)
        throw noAnswer(endpoint, new Error('it says more than any answer has'));
      for (const line of lines) if (line.trim() !== '') onLine(line);
    }
    if (rest.trim() !== '') onLine(rest);
  } finally {
    answer.destroy();
  }
}

const noAnswer = ({ address, port }: HttpRequest['endpoint'], cause: unknown): AiplatError =>
  cause instanceof AiplatError
    ? cause
    : new AiplatError({
        what: `${address}:${port} does not answer as it should.`,
        why: messageOf(cause),
        fix: 'See how the service is with `aiplat ops status` and `aiplat ops logs`, then run the same command again.',
        exitCode: EXIT.stopped,
        cause,
      });
