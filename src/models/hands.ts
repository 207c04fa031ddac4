import { AiplatError, EXIT } from '../errors.ts';
import type { Endpoint, Host } from '../host/host.ts';
import type { Workshop } from '../stack/apply.ts';
import type { Step } from '../stack/step.ts';
import { overlaps } from '../tenant/numbers.ts';
import { parseSaid, progressWords, type Said, Tally } from './answer.ts';
import type { ModelDeed } from './step.ts';

const OLLAMA_PORT = 11434;
/** It reads all that it pulled once more, which takes minutes for a large model, and says nothing meanwhile. */
const PULL_SILENCE_MS = 15 * 60_000;
const REMOVE_SILENCE_MS = 60_000;
/** What a full volume needs still, for logs and databases. */
const RESERVE_BYTES = 512 * 1024 * 1024;

type ModelStep = Extract<Step, ModelDeed>;

/** Does the steps about models. */
export function modelHands(step: ModelStep, workshop: Workshop): Promise<void> {
  return step.do === 'pull model' ? pull(step, workshop) : remove(step, workshop.host);
}

/** The connection is the order: when this process ends, Ollama stops pulling, and goes on there the next time. */
async function pull(step: Extract<ModelStep, { do: 'pull model' }>, { host, note }: Workshop): Promise<void> {
  const free = await freeBytes(host, step.volume);
  const tally = new Tally();
  let last: Said | undefined;
  const onLine = (line: string): void => {
    const said = parseSaid(line);
    if (said === undefined) return;
    last = said;
    if (said.error !== undefined) throw refusedBy(step.target, said.error);
    if (said.part !== undefined) tally.note(said.part);
    if (tally.needed > free) throw doesNotFit(step.target, step.volume, tally.needed, free);
    note(progressWords(said, tally));
  };
  const status = await host.http.ask(
    {
      endpoint: await endpointOf(host, step),
      method: 'POST',
      path: '/api/pull',
      body: { model: step.target, stream: true },
      silenceMs: PULL_SILENCE_MS,
    },
    onLine,
  );
  if (status !== 200 || last?.status !== 'success')
    throw refusedBy(step.target, `it ended with ${last?.status || `status ${status}`}`);
}

async function remove(step: Extract<ModelStep, { do: 'remove model' }>, host: Host): Promise<void> {
  let words = '';
  const status = await host.http.ask(
    {
      endpoint: await endpointOf(host, step),
      method: 'DELETE',
      path: '/api/delete',
      body: { model: step.target },
      silenceMs: REMOVE_SILENCE_MS,
    },
    (line) => {
      words = parseSaid(line)?.error ?? words;
    },
  );
  // Gone already is as good.
  if (status !== 200 && status !== 404) throw refusedBy(step.target, words || `status ${status}`);
}

/** @throws AiplatError (exit 1) when it runs no more, or stands outside of the tenant's network. */
async function endpointOf(
  host: Host,
  { container, subnet }: Pick<ModelStep, 'container' | 'subnet'>,
): Promise<Endpoint> {
  const [found] = await host.docker.listContainers({ names: [container] });
  const address = found?.addresses.find((one) => overlaps(`${one}/32`, subnet));
  if (address !== undefined) return { address, port: OLLAMA_PORT };
  throw new AiplatError({
    what: `${container} cannot be asked.`,
    why:
      found === undefined
        ? 'It is not there any more.'
        : `It is ${found.state}, and has no address in ${subnet}.`,
    fix: 'Deploy, then run the same command again.',
    exitCode: EXIT.stopped,
  });
}

async function freeBytes(host: Host, volume: string): Promise<number> {
  const space = await host.files.space(volume);
  return space === undefined ? 0 : Math.max(0, space.totalBytes - space.usedBytes - RESERVE_BYTES);
}

const gibibytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

const doesNotFit = (model: string, volume: string, needed: number, free: number): AiplatError =>
  new AiplatError({
    what: `${model} does not fit on the volume.`,
    why: `It needs ${gibibytes(needed)}; ${volume} has ${gibibytes(free)} left, without what is kept free for the services.`,
    fix: 'Remove a model (`aiplat ops models list`), take a smaller one, or let the admin grow the volume.',
    exitCode: EXIT.notReady,
  });

const refusedBy = (model: string, words: string): AiplatError =>
  new AiplatError({
    what: `Ollama did not do it for ${model}.`,
    why: `Its words: ${words}`,
    fix: 'Look the name up in the library of Ollama, and see `aiplat ops logs ollama`; what came so far is kept for the next try.',
    exitCode: EXIT.stopped,
  });
