import { AiplatError, EXIT } from '../errors.ts';
import type { FoundContainer, Labels } from '../host/docker.ts';
import type { Host } from '../host/host.ts';

/** Waits for containers of one tenant. All waits share one engine call per round. */
export interface HealthWatch {
  /**
   * Resolves when the container runs and its health check succeeds. With more patience than usual, the engine's
   * `unhealthy` is believed only when no more than the usual time is left: on a slow host a program starts longer
   * than the engine waits before it says so, and turns healthy all the same.
   * @throws AiplatError (exit 4) when it stops, keeps ending, stays unhealthy, or the time is over.
   */
  untilHealthy(id: string, name: string): Promise<void>;
  /**
   * Gives a container whose health checks failed the time for one more of them: `unhealthy` is a word about
   * the past, and a host that was busy for a minute leaves it behind.
   */
  untilLookedAtAgain(id: string): Promise<void>;
}

const ROUND_MS = 200;
/** A container that the engine had to start again this many rounds does not come up by itself. */
const RESTART_ROUNDS = 10;
/** The patience for which the health checks of the catalogue are made: what `--timeout` is when nobody says it. */
const USUAL_MS = 300_000;
/** The engine's longest interval between two health checks of ours, and the time that one may take. */
const NEXT_CHECK_MS = 45_000;

/** @param remedies name of a container → what to do when it does not become healthy, where that is known. */
export function watchHealth(
  host: Host,
  labels: Labels,
  timeoutMs: number,
  remedies: ReadonlyMap<string, string> = new Map(),
): HealthWatch {
  const ailmentOf = (id: string, name: string, late?: number): Promise<AiplatError> =>
    ailment(host, { id, name, remedy: remedies.get(name) }, late);
  let round: Promise<FoundContainer[]> | undefined;
  const look = (): Promise<FoundContainer[]> => {
    round ??= nextRound();
    return round;
  };
  const nextRound = async (): Promise<FoundContainer[]> => {
    await host.clock.sleep(ROUND_MS);
    round = undefined;
    return host.docker.listContainers({ labels });
  };
  return {
    async untilHealthy(id, name) {
      const begin = host.clock.now().getTime();
      let restarts = 0;
      for (let waited = 0; waited < timeoutMs; waited = host.clock.now().getTime() - begin) {
        const found = (await look()).find((container) => container.id === id);
        const verdict = judge(found, waited >= timeoutMs - USUAL_MS);
        if (verdict === 'well') return;
        if (found?.state === 'restarting') restarts++;
        if (verdict === 'ill' || restarts >= RESTART_ROUNDS) throw await ailmentOf(id, name);
      }
      throw await ailmentOf(id, name, timeoutMs);
    },
    async untilLookedAtAgain(id) {
      const deadline = host.clock.now().getTime() + Math.min(timeoutMs, NEXT_CHECK_MS);
      while (host.clock.now().getTime() < deadline) {
        const found = (await look()).find((container) => container.id === id);
        if (found?.state !== 'running' || found.health !== 'unhealthy') return;
      }
    },
  };
}

function judge(found: FoundContainer | undefined, isUnhealthyBelieved: boolean): 'well' | 'ill' | 'starting' {
  if (found === undefined || found.state === 'exited' || found.state === 'dead') return 'ill';
  if (found.state !== 'running') return 'starting';
  if (found.health === 'unhealthy') return isUnhealthyBelieved ? 'ill' : 'starting';
  return found.health === 'starting' ? 'starting' : 'well';
}

const LOG_LINES = 20;

interface Patient {
  readonly id: string;
  readonly name: string;
  readonly remedy: string | undefined;
}

async function ailment(host: Host, { id, name, remedy }: Patient, timeoutMs?: number): Promise<AiplatError> {
  const [condition, log] = await Promise.all([
    host.docker.conditionOf(id),
    host.docker.logTail(id, LOG_LINES),
  ]);
  const state = condition.outOfMemory
    ? 'It was killed because it used more memory than it may have.'
    : condition.state === 'running'
      ? `It runs, but its health check fails${condition.lastProbe === '' ? '' : `: ${condition.lastProbe}`}.`
      : `It is ${condition.state}; its last exit code was ${condition.exitCode}.`;
  const late = timeoutMs === undefined ? '' : `It was not healthy after ${Math.round(timeoutMs / 1000)} s. `;
  const lines = log.trim() === '' ? 'It wrote no log.' : `Its last log lines:\n${indent(log)}`;
  return new AiplatError({
    what: `${name} does not become healthy.`,
    why: `${late}${state} ${lines}`,
    fix: [
      ...(remedy === undefined ? [] : [remedy]),
      timeoutMs === undefined
        ? 'Mend the cause that the log names, then deploy again.'
        : 'Give it more time with --timeout SECONDS, or mend the cause that the log names; then deploy again.',
    ].join('\n'),
    exitCode: EXIT.unhealthy,
  });
}

const indent = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `  | ${line}`)
    .join('\n');
