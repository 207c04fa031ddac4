import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Listening } from './facts.ts';
import { faults } from './faults.ts';
import { ownFacts } from './own-facts.ts';
import { filled } from './values.ts';

/**
 * Stands in for a program whose image no registry brings here. It listens only when every fact about that image
 * holds, says on stderr which do not, and looks again every second.
 */
const facts = ownFacts();
const RETRY_MS = 1_000;
const say = (text: string): void => void process.stderr.write(`stand-in for ${facts.service}: ${text}\n`);

// The first process of a container gets no default action for signals.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));

const look = (): Promise<string[]> =>
  faults(facts, {
    env: process.env,
    commandLine: process.argv.slice(2).join(' '),
    mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
    status: readFileSync('/proc/self/status', 'utf8'),
  });

let said = '';
for (let found = await look(); found.length > 0; found = await look()) {
  const text = found.join('\n  ');
  if (text !== said) say(`does not come up\n  ${text}`);
  said = text;
  await sleep(RETRY_MS);
}
for (const one of facts.listens) listen(one);
say('is up');

function listen({ port, answers }: Listening): void {
  if (answers === undefined) {
    createServer((socket) => socket.on('error', () => socket.destroy()).resume()).listen(port);
    return;
  }
  createHttpServer((request, response) => {
    const status = statusOf(answers, request);
    response.writeHead(status, { 'content-type': 'text/plain', 'x-stand-in': facts.service });
    response.end(answers[pathOf(request)]?.body ?? `stand-in for ${facts.service}\n`);
  }).listen(port);
}

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?')[0] ?? '/';

function statusOf(answers: Readonly<Record<string, Answer>>, request: IncomingMessage): number {
  const { headers } = request;
  const answer = answers[pathOf(request)];
  if (answer === undefined) return 404;
  const [name, value] = answer.header ?? [];
  const isMissing = name !== undefined && headers[name.toLowerCase()] !== filled(value ?? '', process.env);
  return isMissing ? 401 : answer.status;
}
