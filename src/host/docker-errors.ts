import { AiplatError, EXIT, messageOf, notReady } from '../errors.ts';

const UNREACHABLE = new Set([
  'ENOENT',
  'ECONNREFUSED',
  'EACCES',
  'EPERM',
  'ENOTFOUND',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
]);

interface EngineFault {
  readonly statusCode?: number;
  readonly code?: string;
  readonly json?: { readonly message?: string };
}

const faultOf = (thrown: unknown): EngineFault =>
  typeof thrown === 'object' && thrown !== null ? thrown : {};

/** Is the thing that was asked for not there (404), or there or so already (304, 409 while it is being removed)? */
export const hasStatus = (thrown: unknown, ...codes: number[]): boolean =>
  codes.includes(faultOf(thrown).statusCode ?? 0);

/** Turns what the engine's client throws into an error for a person. `doing` completes "could not …". */
export function engineError(thrown: unknown, doing: string, endpoint: string): AiplatError {
  if (thrown instanceof AiplatError) return thrown;
  const fault = faultOf(thrown);
  if (fault.statusCode === undefined && UNREACHABLE.has(fault.code ?? ''))
    return unreachable(fault.code ?? '', endpoint, thrown);
  const words = engineWords(fault, thrown);
  return new AiplatError({
    what: `The engine could not ${doing}.`,
    why: `It answered: ${words}`,
    fix: remedy(words),
    exitCode: EXIT.stopped,
    cause: thrown,
  });
}

function unreachable(code: string, endpoint: string, cause: unknown): AiplatError {
  const isDenied = code === 'EACCES' || code === 'EPERM';
  return notReady(
    'The Docker Engine cannot be reached.',
    `${endpoint} answers ${code}.`,
    isDenied
      ? 'Run the command as root (sudo aiplat …): no tenant has the Docker socket.'
      : 'Start it (systemctl start docker), or say where it is: export DOCKER_HOST=unix:///run/docker.sock',
    cause,
  );
}

const engineWords = (fault: EngineFault, thrown: unknown): string =>
  (fault.json?.message ?? messageOf(thrown)).replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /port is already allocated|address already in use/i,
    'When another program took the port, run `aiplat setup` again: it moves the service. When a service of the tenant has it, deploy without --only.',
  ],
  [
    /no space left/i,
    'Free some disk space (docker system df shows what the engine holds), then run the same command again.',
  ],
  [
    /pool overlaps|overlaps with other one/i,
    'Remove the network that overlaps (docker network ls), or change "subnetPool" in the host config.',
  ],
  [
    /manifest|pull access|repository .* not found|toomanyrequests/i,
    'Check that the registry can be reached from this host and has the image; after a rate limit wait, then run the same command again.',
  ],
];

const remedy = (words: string): string =>
  REMEDIES.find(([pattern]) => pattern.test(words))?.[1] ??
  'Run the same command again; when it answers the same, look into the log of the engine (journalctl -u docker).';
