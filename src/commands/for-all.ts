import { AiplatError, type ExitCode } from '../errors.ts';
import type { Context } from './context.ts';
import type { Place } from './enter.ts';

/** The worst first: what stopped half-way is worse than what is ill, and that is worse than what never began. */
const WORST_FIRST: readonly ExitCode[] = [1, 4, 3, 5, 2];

/**
 * Does the same for many tenants, side by side. One tenant's trouble keeps nobody else from it.
 * @param atOnce so many of them at a time; left out, all.
 * @throws AiplatError with what went wrong for each, and the exit code of the worst.
 */
export async function forAll(
  { report }: Context,
  places: readonly Place[],
  work: (place: Place) => Promise<void>,
  atOnce = places.length,
): Promise<void> {
  const ended: { name: string; error: AiplatError | undefined }[] = [];
  const waiting = places.entries();
  const oneAfterTheOther = async (): Promise<void> => {
    for (const [at, place] of waiting)
      ended[at] = { name: place.tenant.name, error: await work(place).then(nothing, troubleOf) };
  };
  await Promise.all(Array.from({ length: atOnce }, oneAfterTheOther));
  const failed = ended.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, error }]));
  report.document({ tenants: places.length, failed: failed.map(({ name }) => name) });
  const [first] = failed;
  if (first === undefined) return;
  if (failed.length === 1) throw first.error;
  const codes = failed.map(({ error }) => error.exitCode);
  throw new AiplatError({
    what: `${failed.length} of ${places.length} tenants: ${failed.map(({ name }) => name).join(', ')}.`,
    why: failed.map(({ error }) => `${error.what} ${error.why}`).join('\n'),
    fix: failed.map(({ name, error }) => `${name}: ${error.fix}`).join('\n'),
    exitCode: WORST_FIRST.find((code) => codes.includes(code)) ?? first.error.exitCode,
  });
}

const nothing = (): undefined => undefined;

function troubleOf(thrown: unknown): AiplatError {
  if (thrown instanceof AiplatError) return thrown;
  throw thrown;
}
