/**
 * Letters that a terminal obeys instead of showing them: control characters (ECMA-48), but for a line break and
 * a tab, and those that change the order of what stands around them (UAX #9).
 */
const OBEYED = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

const ESCAPE = '\u001b';
/** The colours of aiplat itself (chalk: bold, dim, red, green, yellow, and their ends). */
const OWN_COLOURS = new RegExp(`(${ESCAPE}\\[(?:[12]|22|3[1239])m)`);
/** Whatever only changes how letters look (ECMA-48, SGR). */
const ANY_COLOURS = new RegExp(`(${ESCAPE}\\[[\\d;]{0,30}m)`);

const spelled = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * The same text with such letters spelled out, as JSON writes them: much of what aiplat says quotes words of
 * tenants, and an admin reads it. A JSON text keeps its meaning.
 */
export const visible = (text: string): string => text.replace(OBEYED, spelled);

const visibleBut = (kept: RegExp, text: string): string =>
  text
    .split(kept)
    .map((part, at) => (at % 2 === 1 ? part : visible(part)))
    .join('');

/** The same for a text with colours of aiplat's own in it. */
export const visibleInColour = (text: string): string => visibleBut(OWN_COLOURS, text);

/** The same for the log of a program, which may have colours of its own and lines of other systems. */
export const visibleLog = (text: string): string => visibleBut(ANY_COLOURS, text.replace(/\r\n/g, '\n'));
