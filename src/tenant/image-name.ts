import { type AiplatError, refused } from '../errors.ts';

/** An image reference, taken apart. */
export interface ImageName {
  /** With its registry, such as `docker.io/library/nginx`. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Images of this name are made on the host itself and are never asked of a registry. */
const BUILT_HERE = 'docker.io/aiplat/';

/** distribution/reference: lower case names with single separators, a tag of 128 letters at most, a SHA-256. */
const REFERENCE =
  /^((?:[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?::\d{1,5})?\/)?[a-z0-9]+(?:(?:[._]|__|-+|\/)[a-z0-9]+)*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})|@(sha256:[0-9a-f]{64}))?$/;

/** Takes a reference apart as the engine does; undefined when it is none. */
export function parseImage(text: string): ImageName | undefined {
  const [, name, tag, digest] = REFERENCE.exec(text) ?? [];
  return name === undefined ? undefined : { repository: withRegistry(name), tag, digest };
}

/** `nginx` is docker.io/library/nginx to every engine. */
function withRegistry(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0) return `docker.io/library/${name}`;
  const isRegistry = /[.:]/.test(first) || first === 'localhost';
  return isRegistry ? name : `docker.io/${name}`;
}

/** Has the host to have it already, because no registry does? */
export const isBuiltHere = (image: string): boolean =>
  parseImage(image)?.repository.startsWith(BUILT_HERE) ?? false;

/** `docker.io/library/*`, `aiplat/*`, `ghcr.io/acme/tool`, `ghcr.io/acme/tool:latest`, or `*`. */
export const IMAGE_PATTERN = /^(\*|[a-z0-9][a-z0-9._:/-]*(\/\*|:[A-Za-z0-9_][A-Za-z0-9_.-]*)?)$/;

/**
 * Why the host's policy does not allow an image; undefined when it does.
 * @param patterns the host config's `addedImages`.
 */
export function imageFault(
  text: string,
  patterns: readonly string[],
  configPath: string,
): AiplatError | undefined {
  const image = parseImage(text);
  if (image === undefined) {
    return refused(
      `${JSON.stringify(text)} is no image.`,
      'A reference is REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:DIGEST, with a name in lower case.',
      'Write one such as docker.io/library/nginx:1.29.4.',
    );
  }
  if (!patterns.some((pattern) => allows(pattern, image))) {
    return refused(
      `The image ${text} is not allowed on this host.`,
      `"addedImages" in ${configPath} allows ${patterns.join(', ') || 'none'}; this one is ${image.repository}.`,
      `Root adds ${JSON.stringify(image.repository)} or ${JSON.stringify(parentPattern(image))} to that list, if it is to run here.`,
    );
  }
  if (isPinned(image) || patterns.includes(`${image.repository}:${image.tag ?? 'latest'}`)) return undefined;
  return refused(
    `The image ${text} has no fixed version.`,
    `${image.tag === undefined ? 'Without a tag it is "latest"' : 'The tag "latest"'}, another program every few days: nobody could say what runs.`,
    `Name a tag or a digest, or root allows just this one: ${JSON.stringify(`${image.repository}:latest`)} in "addedImages".`,
  );
}

const isPinned = ({ tag, digest }: ImageName): boolean =>
  digest !== undefined || (tag !== undefined && tag !== 'latest');

const parentPattern = ({ repository }: ImageName): string => repository.replace(/\/[^/]+$/, '/*');

function allows(pattern: string, { repository, tag }: ImageName): boolean {
  if (pattern === '*') return true;
  const isTree = pattern.endsWith('/*');
  const name = isTree ? parseImage(`${pattern.slice(0, -1)}x`) : parseImage(pattern);
  if (name === undefined) return false;
  if (isTree) return repository.startsWith(name.repository.slice(0, -1));
  return repository === name.repository && (name.tag === undefined || name.tag === (tag ?? 'latest'));
}
