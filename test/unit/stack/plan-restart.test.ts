import { describe, expect, it } from 'vitest';
import { planRestart } from '../../../src/stack/plan-restart.ts';
import type { Stack } from '../../../src/stack/stack.ts';
import { deployedMachine, sampleStack } from '../sample.ts';

/** Caddy needs n8n, and n8n needs Prometheus. */
const chained = (): Stack => {
  const stack = sampleStack({ services: ['caddy', 'prometheus', 'n8n'] });
  const needs: Readonly<Record<string, readonly string[]>> = { caddy: ['n8n'], n8n: ['prometheus'] };
  return {
    ...stack,
    services: stack.services.map((wanted) => ({ ...wanted, needs: needs[wanted.service.name] ?? [] })),
  };
};

const orderOf = (meant: readonly string[]): Record<string, readonly string[]> => {
  const stack = chained();
  const steps = planRestart(stack, deployedMachine(stack).containers, new Set(meant));
  return Object.fromEntries(steps.map(({ id, needs }) => [id, needs]));
};

describe('a restart', () => {
  it('stops clients before what they need, and starts what they need first', () => {
    expect(orderOf(['caddy', 'n8n', 'prometheus'])).toEqual({
      'stop caddy': [],
      'service caddy': ['stop caddy', 'service n8n'],
      'stop prometheus': ['stop n8n'],
      'service prometheus': ['stop prometheus'],
      'stop n8n': ['stop caddy'],
      'service n8n': ['stop n8n', 'service prometheus'],
    });
  });

  it('leaves what was not named as it is', () => {
    expect(Object.keys(orderOf(['n8n']))).toEqual(['stop n8n', 'service n8n']);
  });
});
