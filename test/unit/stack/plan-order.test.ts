import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PORT_KEYS } from '../../../src/ports/block.ts';
import { planDeploy } from '../../../src/stack/plan.ts';
import type { Stack } from '../../../src/stack/stack.ts';
import type { Step } from '../../../src/stack/step.ts';
import { bareMachine, deployedMachine, sampleStack } from '../sample.ts';

const SERVICES = ['caddy', 'prometheus', 'n8n', 'openclaw', 'flowise'] as const;

/** The stack whose ports, in the order of their keys, are these of the block. */
const stackWith = (offsets: readonly number[], services: readonly string[] = SERVICES): Stack =>
  sampleStack({
    services,
    edit: (env) =>
      PORT_KEYS.reduce(
        (text, key, at) =>
          text.replace(new RegExp(`^${key}=.*$`, 'm'), `${key}=${5000 + (offsets[at] ?? 0)}`),
        env,
      ),
  });

/** Makes some services need others, as entries of the catalogue may. */
const withNeeds = (stack: Stack, needs: Readonly<Record<string, readonly string[]>>): Stack => ({
  ...stack,
  services: stack.services.map((wanted) => ({ ...wanted, needs: needs[wanted.service.name] ?? [] })),
});

const permutation = fc.shuffledSubarray(
  PORT_KEYS.map((_, at) => at),
  { minLength: PORT_KEYS.length, maxLength: PORT_KEYS.length },
);
const subset = fc.subarray([...SERVICES], { minLength: 1 });

/** Steps that can never begin, because they wait for each other. */
function stuck(steps: readonly Step[]): string[] {
  const ids = new Set(steps.map(({ id }) => id));
  const done = new Set<string>();
  for (let before = -1; before !== done.size; ) {
    before = done.size;
    for (const { id, needs } of steps)
      if (needs.every((need) => !ids.has(need) || done.has(need))) done.add(id);
  }
  return [...ids].filter((id) => !done.has(id));
}

describe('a plan', () => {
  it('never waits for itself, whatever ports go from whom to whom, and whatever is switched on or off', () => {
    fc.assert(
      fc.property(permutation, permutation, subset, subset, (from, to, before, after) => {
        const observed = deployedMachine(stackWith(from, before));
        expect(stuck(planDeploy(stackWith(to, after), observed, { only: undefined }))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('never waits for itself when a service takes the port of another that needs it', () => {
    const needs = { n8n: ['prometheus'] };
    const offsets = PORT_KEYS.map((_, at) => at);
    const changed = offsets.map((offset, at) => {
      if (PORT_KEYS[at] === 'PROMETHEUS_PORT') return 2;
      return PORT_KEYS[at] === 'N8N_PORT' ? 50 : offset;
    });
    const observed = deployedMachine(withNeeds(stackWith(offsets), needs));
    expect(stuck(planDeploy(withNeeds(stackWith(changed), needs), observed, { only: undefined }))).toEqual(
      [],
    );
  });

  it('has each step once, and none for what is as it should be', () => {
    fc.assert(
      fc.property(permutation, subset, subset, (ports, before, after) => {
        const wanted = stackWith(ports, after);
        const ids = planDeploy(wanted, deployedMachine(stackWith(ports, before)), { only: undefined }).map(
          ({ id }) => id,
        );
        expect(new Set(ids).size).toBe(ids.length);
        expect(planDeploy(wanted, deployedMachine(wanted), { only: undefined })).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('starts who needs a database after the data of that database is in line with its secret', () => {
    const bare = sampleStack({ services: ['n8n', 'postgres'] });
    const stack = withNeeds(bare, { n8n: ['postgres'] });
    const steps = planDeploy(stack, bareMachine(stack), { only: undefined });
    expect(steps.find(({ id }) => id === 'align postgres')?.needs).toContain('service postgres');
    expect(steps.find(({ id }) => id === 'service n8n')?.needs).toContain('align postgres');
    expect(stuck(steps)).toEqual([]);
  });

  it('brings data in line when the mark is missing or of another container, and not otherwise', () => {
    const stack = sampleStack({ services: ['postgres'] });
    const observed = deployedMachine(stack);
    const [mark = ''] = [...observed.texts.keys()].filter((path) => path.endsWith('/aligned'));
    const planWith = (text: string | undefined) => {
      const texts = new Map(observed.texts);
      if (text === undefined) texts.delete(mark);
      else texts.set(mark, text);
      return planDeploy(stack, { ...observed, texts }, { only: undefined }).map(({ do: action }) => action);
    };
    expect(planWith(undefined)).toEqual(['align data']);
    expect(planWith('id-of-another')).toEqual(['align data']);
    expect(planWith(observed.texts.get(mark))).toEqual([]);
  });
});
