import { type Check, checkOf } from './check.ts';
import { judgeContainer } from './container-checks.ts';
import type { Facts } from './facts.ts';

/** Judges everything that was seen. */
export function judge(facts: Facts): Check[] {
  return [
    ...facts.containers.flatMap((container) => judgeContainer(container, facts)),
    ...judgeNetwork(facts),
    ...judgeFiles(facts),
    judgeLimits(facts),
  ];
}

function judgeNetwork({ stack, networkMembers, own, attempts, firewallFault }: Facts): Check[] {
  const strangers = networkMembers.filter((name) => !own.includes(name));
  const controls = attempts.filter(({ isControl }) => isControl);
  const attacks = attempts.filter(({ isControl }) => !isControl);
  const closed = controls.filter(({ reached }) => reached !== 'open');
  return [
    checkOf(
      'network',
      `nobody else is on ${stack.network.name}`,
      strangers.map((name) => `${name} is`),
      `${networkMembers.length} members`,
    ),
    checkOf(
      'network',
      'the firewall is in force',
      firewallFault === undefined ? [] : [firewallFault],
      'the table is what its file says',
    ),
    checkOf(
      'network',
      'what has to be reached is reached, so that the attempts below mean something',
      closed.map(({ what, target, reached }) => `${what} (${target.address}:${target.port}): ${reached}`),
      `${controls.length} connections`,
    ),
    ...[...Map.groupBy(attacks, ({ what }) => what)].map(([what, group]) =>
      checkOf(
        'network',
        `not reached: ${what}`,
        group
          .filter(isReached)
          .map(({ target, reached }) => `${target.address}:${target.port} is ${reached}`),
        `${group.length} attempts`,
      ),
    ),
  ];
}

/** From inside, even a refusal is an answer of somebody who should not have heard; on the host the refusal is the wall. */
const isReached = ({ from: { networkOf }, reached }: Facts['attempts'][number]): boolean =>
  reached === 'open' || (networkOf !== undefined && reached === 'refused');

function judgeFiles({ directories }: Facts): Check[] {
  const faults = directories.flatMap(({ wanted, found }) => {
    if (found === undefined) return [`${wanted.path} is not there`];
    const isRight = found.uid === wanted.uid && found.gid === wanted.gid && found.mode === wanted.mode;
    return isRight ? [] : [`${wanted.path} is ${found.uid}:${found.gid} ${found.mode.toString(8)}`];
  });
  return [
    checkOf('files', 'directories and .env are closed to all others', faults, `${directories.length} paths`),
  ];
}

function judgeLimits({ stack, limits }: Facts): Check {
  const faults =
    limits === undefined
      ? ['there is no control group']
      : Object.entries(stack.slice.limits).flatMap(([key, wanted]) => {
          const found = limits[key as keyof typeof limits];
          return found === undefined || found === wanted ? [] : [`${key} is ${found}, not ${wanted}`];
        });
  return checkOf('resources', 'the sum of all containers is limited', faults, stack.slice.parent);
}
