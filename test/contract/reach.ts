import { connect, type Socket } from 'node:net';
import type { ReachFact } from './facts.ts';
import { loginToPostgres } from './postgres.ts';
import { type Env, filled } from './values.ts';

const PATIENCE_MS = 5_000;
const USUAL_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'redis:': 6379,
  'postgres:': 5432,
  'postgresql:': 5432,
};

/** Why an address does not answer, or undefined when it does. */
export async function reach(fact: ReachFact, env: Env): Promise<string | undefined> {
  const [kind, text] = Object.entries(fact)[0] as [string, string];
  const address = filled(text, env);
  try {
    if ('http' in fact) return await askHttp(address, fact.headers ?? {}, env);
    if ('redis' in fact) return await loginToRedis(new URL(address));
    if ('postgres' in fact) return await loginToPostgres(new URL(address), open);
    const socket = await open(address);
    if ('holds' in fact) socket.setTimeout(0);
    else socket.destroy();
    return undefined;
  } catch (thrown) {
    return `${withoutPassword(address)} (${kind}: ${text}) cannot be reached: ${thrown instanceof Error ? thrown.message : thrown}`;
  }
}

const withoutPassword = (address: string): string => address.replace(/:[^:@/]+@/, ':…@');

async function askHttp(
  address: string,
  headers: Readonly<Record<string, string>>,
  env: Env,
): Promise<string | undefined> {
  const sent = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, filled(text, env)]));
  const answer = await fetch(address, { headers: sent, signal: AbortSignal.timeout(PATIENCE_MS) });
  await answer.arrayBuffer();
  return answer.ok ? undefined : `${address} answers ${answer.status}`;
}

async function loginToRedis({ username, password, href }: URL): Promise<string | undefined> {
  const socket = await open(href);
  const words = [
    'AUTH',
    ...(username === '' ? [] : [decodeURIComponent(username)]),
    decodeURIComponent(password),
  ];
  const login = password === '' ? '' : command(words);
  socket.write(`${login}${command(['PING'])}`);
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    if (/^-/m.test(text) || text.includes('+PONG')) break;
  }
  socket.destroy();
  return text.includes('+PONG') ? undefined : `${withoutPassword(href)} says ${text.trim()}`;
}

/** A command of the Redis protocol (RESP arrays of bulk strings). */
const command = (words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

/** A connection to HOST:PORT or to the host of a URL. */
export async function open(address: string): Promise<Socket> {
  const url = new URL(address.includes('://') ? address : `tcp://${address}`);
  const port = url.port === '' ? USUAL_PORTS[url.protocol] : Number(url.port);
  if (url.hostname === '' || port === undefined) throw new Error('this is no address');
  return new Promise((resolve, reject) => {
    const socket = connect({ host: url.hostname, port, timeout: PATIENCE_MS });
    socket.once('connect', () => resolve(socket));
    socket.once('timeout', () => socket.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
    socket.once('error', reject);
  });
}
