/** What the line of a tenant's volume says. */
export interface FstabEntry {
  readonly uuid: string;
  readonly mountPoint: string;
}

/**
 * So long a boot waits for a disk that does not come. Docker waits with it.
 */
const DEVICE_TIMEOUT = 'x-systemd.device-timeout=30s';

/** What a tenant could turn against the host: device files and programs that change the user. */
export const MOUNT_OPTIONS: readonly string[] = ['nodev', 'nosuid'];

/**
 * `nofail`: a host boots without the disk of one tenant. `x-systemd.before` (systemd 233 and later) makes
 * up for what `nofail` loosens: no container starts before its volume is there, or known to be missing.
 */
const REQUIRED = ['nofail', ...MOUNT_OPTIONS, 'x-systemd.before=docker.service'];

export const fstabLine = ({ uuid, mountPoint }: FstabEntry): string =>
  `UUID=${uuid} ${mountPoint} ext4 ${[...REQUIRED, DEVICE_TIMEOUT].join(',')} 0 2`;

/** Blanks inside of names stand as octal numbers, here and in mountinfo (fstab(5), proc_pid_mountinfo(5)). */
export const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

const fieldsOf = (line: string): string[] =>
  line
    .trim()
    .split(/[ \t]+/)
    .map(unescaped);

function isFor(line: string, mountPoint: string): boolean {
  const [source = '', target = ''] = fieldsOf(line);
  return !source.startsWith('#') && target.replace(/(?<=.)\/+$/, '') === mountPoint;
}

const linesFor = (text: string, mountPoint: string): string[] =>
  text.split('\n').filter((line) => isFor(line, mountPoint));

export const hasLine = (text: string, mountPoint: string): boolean => linesFor(text, mountPoint).length > 0;

/**
 * Why the line of a volume has to be written.
 * @returns undefined when it says all that it has to; more options than these are the admin's own.
 */
export function fstabFault(text: string, entry: FstabEntry): string | undefined {
  const [line, ...more] = linesFor(text, entry.mountPoint);
  if (line === undefined) return `no line for ${entry.mountPoint}`;
  if (more.length > 0) return `${more.length + 1} lines for ${entry.mountPoint}`;
  const [source = '', , type = '', list = ''] = fieldsOf(line);
  if (source.replaceAll('"', '') !== `UUID=${entry.uuid}`) return `its line names ${source}`;
  if (type !== 'ext4' && type !== 'auto') return `its line says ${type}`;
  const options = list.split(',');
  const missing = REQUIRED.filter((option) => !options.includes(option));
  if (!options.some((option) => option.startsWith('x-systemd.device-timeout='))) missing.push(DEVICE_TIMEOUT);
  if (missing.length > 0) return `its line lacks ${missing.join(', ')}`;
  return options.includes('noauto') ? 'its line says noauto' : undefined;
}

/** The text with the volume's line in it: in the place of the one that was there, else at the end. */
export function withLine(text: string, entry: FstabEntry): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => isFor(line, entry.mountPoint));
  const others = (from: number): string[] =>
    lines.slice(from).filter((line) => !isFor(line, entry.mountPoint));
  if (at !== -1) return [...lines.slice(0, at), fstabLine(entry), ...others(at)].join('\n');
  // A last line without its newline stays without: taking the line out again gives the same bytes.
  const endsWithNewline = lines.at(-1) === '';
  return endsWithNewline
    ? [...lines.slice(0, -1), fstabLine(entry), ''].join('\n')
    : [...lines, fstabLine(entry)].join('\n');
}

export const withoutLine = (text: string, mountPoint: string): string =>
  text
    .split('\n')
    .filter((line) => !isFor(line, mountPoint))
    .join('\n');
