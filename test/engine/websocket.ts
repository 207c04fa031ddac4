import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';

/** A page's connection to its server. */
export interface Socket {
  /** The text of the next frame; of the last one, what closed it. */
  next(): Promise<string>;
  send(text: string): void;
  end(): void;
}

export interface Door {
  readonly url: string;
  readonly ca: string;
  /** Where the page that opens the socket came from. */
  readonly origin: string;
}

/** Opens a WebSocket (RFC 6455) through the Caddy that listens on loopback. */
export function dial({ url, ca, origin }: Door): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const headers = {
    Host: `${hostname}:${port}`,
    Origin: origin,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  };
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, servername: hostname, ca, agent: false, headers });
    call.on('upgrade', (_answer, stream, head) => resolve(socketOn(stream, head)));
    call.on('response', ({ statusCode }) => reject(new Error(`no upgrade: ${statusCode}`)));
    call.on('error', reject);
    call.end();
  });
}

function socketOn(stream: Duplex, head: Buffer): Socket {
  let rest = head;
  const frames: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  const take = (): void => {
    for (let frame = frameOf(rest); frame !== undefined; frame = frameOf(rest)) {
      rest = frame.rest;
      const wanted = waiting.shift();
      if (wanted === undefined) frames.push(frame.text);
      else wanted(frame.text);
    }
  };
  stream.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    take();
  });
  take();
  return {
    next: () => {
      const frame = frames.shift();
      return frame === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(frame);
    },
    send: (text) => stream.write(masked(Buffer.from(text))),
    end: () => stream.destroy(),
  };
}

function frameOf(bytes: Buffer): { text: string; rest: Buffer } | undefined {
  if (bytes.length < 4) return undefined;
  const short = (bytes[1] ?? 0) & 127;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < start + length) return undefined;
  const payload = bytes.subarray(start, start + length);
  const isClose = ((bytes[0] ?? 0) & 15) === 8;
  const text = isClose ? `closed: ${payload.subarray(2).toString('utf8')}` : payload.toString('utf8');
  return { text, rest: bytes.subarray(start + length) };
}

/** What a client sends is masked, in frames of up to 64 KiB here. */
function masked(payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const length = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([length, mask, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

/** What the owner's page asks for: a link lets in whoever asks for exactly that. */
const SCOPES = ['admin', 'approvals', 'pairing', 'questions', 'read', 'talk.secrets', 'write'].map(
  (scope) => `operator.${scope}`,
);
const CLIENT = { id: 'openclaw-control-ui', version: '1', platform: 'web', mode: 'webchat' } as const;

/**
 * A browser with the identity that the page of OpenClaw makes for itself.
 * @param buildId which page it has, as the page itself says.
 */
export function newBrowser(buildId: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const id = createHash('sha256').update(key).digest('hex');
  return {
    /** Says who it is, as the page does (openclaw docs, gateway/protocol), and hears what comes of it. */
    async signIn(
      door: Door,
      auth: { readonly token?: string; readonly bootstrapToken?: string },
    ): Promise<string> {
      const socket = await dial(door);
      const { nonce, ts } = (JSON.parse(await socket.next()) as { payload: { nonce: string; ts: number } })
        .payload;
      const secret = auth.token ?? auth.bootstrapToken ?? '';
      const words = ['v2', id, CLIENT.id, CLIENT.mode, 'operator', SCOPES.join(','), ts, secret, nonce];
      const signature = sign(null, Buffer.from(words.join('|')), privateKey).toString('base64url');
      const device = { id, publicKey: key.toString('base64url'), signature, signedAt: ts, nonce };
      const params = {
        minProtocol: 4,
        maxProtocol: 4,
        client: { ...CLIENT, buildId },
        role: 'operator',
        scopes: SCOPES,
        auth,
        device,
      };
      socket.send(JSON.stringify({ type: 'req', id: '1', method: 'connect', params }));
      const answer = await socket.next();
      socket.end();
      return answer;
    },
  };
}
