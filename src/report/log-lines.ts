/** One line of the log of a service. */
export interface LogLine {
  readonly service: string;
  /** As the engine wrote it down (RFC 3339, with nanoseconds, in UTC), so that it sorts as text. */
  readonly time: string;
  readonly text: string;
}

/** An engine that was asked for times puts one and a blank before each line. */
const TIMED = /^(\d{4}-\d{2}-\d{2}T[\d:.]+Z) /;

/** The lines of a log with times. One without a time goes on what stands before it, and has its time. */
export function logLines(service: string, log: string): LogLine[] {
  let time = '';
  return log.split('\n').flatMap((line) => {
    const [begin = '', found] = TIMED.exec(line) ?? [];
    time = found ?? time;
    return line === '' ? [] : [{ service, time, text: line.slice(begin.length) }];
  });
}

/** The last lines of several logs, in the order in which they were written. */
export const inOrder = (lines: readonly LogLine[], tail: number | 'all'): LogLine[] => {
  const sorted = [...lines].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return tail === 'all' ? sorted : tail === 0 ? [] : sorted.slice(-tail);
};

/** Does the line hold the words, in whatever case? It is no pattern: one can be written that takes for ever. */
export const holds = (line: string, words: string | undefined): boolean =>
  words === undefined || line.toLowerCase().includes(words.toLowerCase());

/** Hands on whole lines of a stream that hold the words, each behind the name, if there is one. */
export function lineFilter(
  name: string | undefined,
  words: string | undefined,
  write: (text: string) => void,
): { write(text: string): void; end(): void } {
  let rest = '';
  const hand = (line: string): void => {
    if (holds(line, words)) write(`${name === undefined ? '' : `${name} | `}${line}\n`);
  };
  return {
    write(text) {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(hand);
    },
    end() {
      if (rest !== '') hand(rest);
    },
  };
}
