import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = join(import.meta.dirname, '../../src');

interface Source {
  readonly path: string;
  readonly text: string;
  /** Files of src/ that it imports, values alone. */
  readonly values: readonly string[];
  readonly types: readonly string[];
  readonly packages: readonly string[];
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path): Source => {
    const text = readFileSync(join(SRC, path), 'utf8');
    const imports = [
      ...text.matchAll(/(import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)/g),
    ].map((match) => ({
      isType: match[2] !== undefined,
      isLate: match[4] !== undefined,
      from: match[3] ?? match[4] ?? '',
    }));
    const local = (isType: boolean) =>
      imports
        .filter((one) => one.from.startsWith('.') && one.isType === isType && !one.isLate)
        .map(({ from }) => relative(SRC, normalize(join(SRC, dirname(path), from))));
    return {
      path,
      text,
      values: local(false),
      types: local(true),
      packages: imports.map(({ from }) => from).filter((from) => !from.startsWith('.')),
    };
  });

const offenders = (isWrong: (source: Source) => boolean): string[] =>
  sources.filter(isWrong).map(({ path }) => path);

const MACHINE = /^(dockerode|execa|node:fs(\/promises)?|node:net|node:child_process|fs|net|child_process)$/;
const PURE =
  /^(tenant|ports|catalog|proxy|apparmor)\/|^stack\/(stack|plan|container|files|hash|scope|prometheus|grafana|meters|fit|preconditions|step|teardown-plan|verify)\.ts$|^images\/(recipe|plan)\.ts$|^backup\/(aside|contents|plan|restic|restore-plan|restore-cleaning|returning-env|step)\.ts$|^models\/(answer|litellm|llamacpp|manifest|name|step)\.ts$|^volumes\/(fstab|find|faults|plan|limits)\.ts$/;

describe('the house', () => {
  it('has its files where this test looks', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(offenders(({ path }) => PURE.test(path)).length).toBeGreaterThan(25);
  });

  it('touches the machine in src/host alone', () => {
    expect(
      offenders(
        ({ path, packages }) => !path.startsWith('host/') && packages.some((name) => MACHINE.test(name)),
      ),
    ).toEqual([]);
  });

  it('reads the command line and the environment, and sets the exit code, in cli.ts alone', () => {
    expect(
      offenders(({ path, text }) => path !== 'cli.ts' && /process\.(exit|exitCode|env|argv)\b/.test(text)),
    ).toEqual([]);
  });

  it('keeps commands for cli.ts', () => {
    const imports = ({ text }: Source) => /['"][^'"]*commands\//.test(text);
    expect(
      offenders(
        (source) => source.path !== 'cli.ts' && !source.path.startsWith('commands/') && imports(source),
      ),
    ).toEqual([]);
  });

  it('holds nothing asynchronous where decisions are made', () => {
    expect(
      offenders(({ path, text }) => PURE.test(path) && /\basync\b|\bawait\b|\bPromise</.test(text)),
    ).toEqual([]);
  });

  it('knows the machine only by its types where decisions are made', () => {
    expect(
      offenders(({ path, values }) => PURE.test(path) && values.some((name) => name.startsWith('host/'))),
    ).toEqual([]);
  });

  it('knows nothing of stacks, commands and the catalogue in src/host', () => {
    const forbidden = /^(stack|commands|catalog|proxy|report|images)\//;
    expect(
      offenders(
        ({ path, values, types }) =>
          path.startsWith('host/') && [...values, ...types].some((name) => forbidden.test(name)),
      ),
    ).toEqual([]);
  });

  it('has no files over 200 lines', () => {
    expect(offenders(({ text }) => text.split('\n').length > 201)).toEqual([]);
  });

  it('leaves nothing open', () => {
    expect(offenders(({ text }) => /TODO|FIXME|XXX|@ts-ignore|@ts-expect-error/.test(text))).toEqual([]);
  });

  it('has no cycles', () => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) {
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
        return;
      }
      for (const next of byPath.get(path)?.values ?? []) visit(next, [...trail, path]);
    };
    for (const { path } of sources) visit(path, []);
    expect([...new Set(cycles)]).toEqual([]);
  });
});
