/** What came of one attempt on a wall, as the tests of the machine write it: one line of JSON each. */
export interface Tried {
  /** Who attacks, and what: the titles above the attempt. */
  readonly where: string;
  readonly what: string;
  readonly succeeded: boolean;
  /** The same attempt with one wall taken away: it has to succeed, or the first answer proves nothing. */
  readonly without?: { readonly wall: string; readonly succeeded: boolean };
}

const word = (succeeded: boolean): string => (succeeded ? '**succeeds**' : 'fails');

/** The attempts of a run as a table in Markdown, with their sum above it. */
export function attackTable(lines: string): string {
  const tried = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Tried);
  const proved = tried.filter(({ without }) => without?.succeeded === true).length;
  const broken = tried.filter(({ succeeded }) => succeeded).length;
  const rows = tried.map(({ where, what, succeeded, without }) => {
    const other = without === undefined ? '–' : without.succeeded ? 'succeeds' : '**fails**';
    return [where, what, word(succeeded), other, without?.wall ?? ''];
  });
  return [
    `${tried.length} attempts, ${broken} succeeded; ${proved} of them succeed when one wall is taken away.`,
    '',
    row(['where', 'attempt', 'with the wall', 'without it', 'the wall']),
    row(['---', '---', '---', '---', '---']),
    ...rows.map(row),
    '',
  ].join('\n');
}

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`;
