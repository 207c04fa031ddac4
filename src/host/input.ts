import { refused } from '../errors.ts';
import type { Input } from './users.ts';

/** What is handed over on stdin. */
export const realInput: Input = {
  async text(limitBytes) {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of process.stdin) {
      const bytes = Buffer.from(chunk as Uint8Array);
      length += bytes.length;
      if (length > limitBytes) {
        throw refused(
          'What came on stdin is too long.',
          `It has more than ${limitBytes} bytes.`,
          'Hand over the text that is asked for, and nothing else.',
        );
      }
      chunks.push(bytes);
    }
    return Buffer.concat(chunks).toString('utf8');
  },
};
