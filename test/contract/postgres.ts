import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';

/**
 * Logs in to PostgreSQL as a driver does (protocol 3.0, SCRAM-SHA-256 of RFC 7677).
 * @returns why the server refuses, or undefined when it says that it is ready.
 */
export async function loginToPostgres(
  url: URL,
  open: (address: string) => Promise<Socket>,
): Promise<string | undefined> {
  const socket = await open(url.href);
  const user = decodeURIComponent(url.username);
  const database = decodeURIComponent(url.pathname.slice(1)) || user;
  const words = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const version = Buffer.from([0, 3, 0, 0]);
  socket.write(sized(Buffer.concat([version, words])));
  const scram = new Scram(decodeURIComponent(url.password));
  try {
    for await (const { kind, body } of messages(socket)) {
      if (kind === 'E') return `${url.host}/${database} refuses ${user}: ${errorText(body)}`;
      if (kind === 'Z') return undefined;
      const answer = kind === 'R' ? scram.answer(body) : undefined;
      if (answer !== undefined) socket.write(Buffer.concat([Buffer.from('p'), sized(answer)]));
    }
    return `${url.host} closed the connection`;
  } finally {
    socket.destroy();
  }
}

/** A length, itself included, and what it is of. */
function sized(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}

async function* messages(socket: Socket): AsyncGenerator<{ kind: string; body: Buffer }> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of socket) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
      const end = rest.readUInt32BE(1) + 1;
      yield { kind: String.fromCharCode(rest[0] ?? 0), body: rest.subarray(5, end) };
      rest = rest.subarray(end);
    }
  }
}

/** Fields of an error: a letter each, M the message, a zero byte at the end. */
const errorText = (body: Buffer): string =>
  body
    .toString()
    .split('\0')
    .find((field) => field.startsWith('M'))
    ?.slice(1) ?? 'without a reason';

const OK = 0;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

class Scram {
  readonly #password: string;
  readonly #first = `n=,r=${randomBytes(18).toString('base64')}`;

  constructor(password: string) {
    this.#password = password;
  }

  /** What the server wants to hear next; undefined when nothing. */
  answer(body: Buffer): Buffer | undefined {
    const kind = body.readUInt32BE(0);
    if (kind === SASL) {
      const text = Buffer.from(`n,,${this.#first}`);
      return Buffer.concat([Buffer.from('SCRAM-SHA-256\0'), sizedPlain(text)]);
    }
    if (kind === SASL_CONTINUE) return Buffer.from(this.#final(body.toString('utf8', 4)));
    if (kind === OK || kind === SASL_FINAL) return undefined;
    throw new Error(`the server asks for a login of kind ${kind}`);
  }

  #final(server: string): string {
    const part = (name: string): string => new RegExp(`${name}=([^,]*)`).exec(server)?.[1] ?? '';
    const withoutProof = `c=biws,r=${part('r')}`;
    const salted = pbkdf2Sync(
      this.#password,
      Buffer.from(part('s'), 'base64'),
      Number(part('i')),
      32,
      'sha256',
    );
    const key = createHmac('sha256', salted).update('Client Key').digest();
    const stored = createHash('sha256').update(key).digest();
    const message = `${this.#first},${server},${withoutProof}`;
    const signature = createHmac('sha256', stored).update(message).digest();
    const proof = key.map((byte, at) => byte ^ (signature[at] ?? 0));
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  }
}

/** A length without itself, and what it is of. */
function sizedPlain(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}
