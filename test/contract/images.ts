import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type Dockerode from 'dockerode';
import { build } from 'esbuild';
import type { Facts, Tool } from './facts.ts';

export const BASE = 'aiplat-stand-in:base';
const HOME = '/opt/stand-in';
/** What Debian's node image has and the image that is stood in for may not have. */
const MOVED: Readonly<Record<string, string>> = { sh: 'dash', bash: 'bash', node: 'node' };
const BASE_DOCKERFILE = `ARG BASE
FROM \${BASE}
COPY stand-in.mjs tool.mjs ${HOME}/
RUN cp /usr/bin/dash /usr/bin/bash /usr/bin/node ${HOME}/ && rm -f /usr/local/bin/npm /usr/local/bin/npx /usr/bin/perl \\
    /usr/bin/curl /usr/bin/bash /usr/bin/node /usr/bin/sh /usr/bin/dash
`;

/** Builds what all stand-ins have in common, once, from the image with Node.js that this host built. */
export async function buildBase(docker: Dockerode, nodeImage: string): Promise<void> {
  await inFolder(async (folder) => {
    await build({
      entryPoints: {
        'stand-in': join(import.meta.dirname, 'stand-in.ts'),
        tool: join(import.meta.dirname, 'tool.ts'),
      },
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
    });
    await writeFile(join(folder, 'Dockerfile'), BASE_DOCKERFILE);
    await buildImage(docker, folder, BASE, { BASE: nodeImage });
  });
}

/** Builds the stand-in of one image under that image's own reference, for all services that run it. */
export async function buildStandIn(
  docker: Dockerode,
  all: readonly Facts[],
  reference: string,
): Promise<void> {
  const [facts] = all;
  if (facts === undefined) throw new Error(`nothing is known of ${reference}`);
  await inFolder(async (folder) => {
    const root = join(folder, 'root');
    await write(join(root, HOME, 'facts.json'), JSON.stringify(all));
    for (const path of facts.programs) await write(join(root, path), script('stand-in'));
    for (const [name, tool] of Object.entries(facts.tools)) await addTool(root, name, tool);
    const ships = facts.ships ?? [];
    for (const [at, { text }] of ships.entries()) {
      const path = join(folder, `ships/${at}`);
      await (text === undefined ? mkdir(path, { recursive: true }) : write(path, text));
    }
    await writeFile(
      join(folder, 'Dockerfile'),
      [
        `FROM ${BASE}`,
        'COPY root/ /',
        ...ships.map(({ path, uid, text }, at) => {
          const slash = text === undefined ? '/' : '';
          return `COPY --chown=${uid}:${uid} ships/${at}${slash} ${path}${slash}`;
        }),
        `ENTRYPOINT ${JSON.stringify(facts.entrypoint)}`,
        `CMD ${JSON.stringify(facts.command ?? [])}`,
      ].join('\n'),
    );
    await buildImage(docker, folder, reference, {});
  });
}

/** A real image that this host built, under the reference of the official one, with wget beside its curl. */
export async function lendImage(docker: Dockerode, built: string, reference: string): Promise<void> {
  await inFolder(async (folder) => {
    await write(join(folder, 'wget'), '#!/bin/sh\nfor url; do :; done\nexec curl -fsS "$url"\n');
    await writeFile(join(folder, 'Dockerfile'), `FROM ${built}\nCOPY wget /usr/bin/wget\n`);
    await buildImage(docker, folder, reference, {});
  });
}

/** Takes references away, if they are there. */
export async function removeImages(docker: Dockerode, references: readonly string[]): Promise<void> {
  for (const reference of references)
    await docker
      .getImage(reference)
      .remove({ force: true })
      .catch(() => undefined);
}

/** Started by the kernel or by a shell that reads it. */
const script = (program: string): string =>
  `#!${HOME}/node ${HOME}/${program}.mjs\nexec ${HOME}/node ${HOME}/${program}.mjs "$0" "$@"\n`;

async function addTool(root: string, name: string, tool: Tool): Promise<void> {
  const path = join(root, name.startsWith('/') ? name : `/usr/bin/${name}`);
  if (tool !== 'real') return write(path, script('tool'));
  const moved = MOVED[name];
  if (moved === undefined) throw new Error(`there is no real ${name} to lend`);
  await mkdir(dirname(path), { recursive: true });
  await symlink(`${HOME}/${moved}`, path);
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'aiplat-stand-in-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function buildImage(
  docker: Dockerode,
  folder: string,
  tag: string,
  args: Record<string, string>,
): Promise<void> {
  const stream = await docker.buildImage(
    { context: folder, src: ['.'] },
    { t: tag, buildargs: args, rm: true },
  );
  const messages = await new Promise<{ error?: string }[]>((resolve, reject) =>
    docker.modem.followProgress(stream, (error, output) => (error ? reject(error) : resolve(output))),
  );
  const failed = messages.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw new Error(`${tag}: ${failed.error}`);
}
