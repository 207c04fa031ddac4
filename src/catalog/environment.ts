import { askedKeys } from './expand.ts';
import type { Service } from './schema.ts';
import { VECTOR_DBS, type VectorDb } from './schema-data.ts';

/** The file of what must be no setting of a container, below the folder of its secrets. */
export const ENVIRONMENT_FILE = 'environment';

/**
 * The command line of a program whose environment holds secrets: a shell reads them from their file and
 * becomes the program.
 * @param program in the words of a shell, such as `node server.js`.
 */
export const withSecretEnv = (program: string): string[] => [
  'sh',
  '-c',
  `set -a && . /run/secrets/${ENVIRONMENT_FILE} && set +a && exec ${program}`,
];

const holdsSecret = (text: string): boolean =>
  ['secret', 'databaseUrl', 'provider'].some((kind) => askedKeys(text, kind).length > 0);

type Texts = Readonly<Record<string, string>>;

const pick = (texts: Texts, wants: (text: string) => boolean): Texts =>
  Object.fromEntries(Object.entries(texts).filter(([, text]) => wants(text)));

const textsOf = ({ env, vectorEnv }: Service, vectorDb: string): Texts => ({
  ...env,
  ...vectorEnv?.[vectorDb as VectorDb],
});

/** What stands in the settings of its container. */
export const openEnv = (service: Service, vectorDb: string): Texts =>
  pick(textsOf(service, vectorDb), (text) => !holdsSecret(text));

/** What stands in its file of secrets; undefined when it has none in any stack. */
export const secretEnv = (service: Service, vectorDb: string): Texts | undefined => {
  const always = VECTOR_DBS.flatMap((one) => Object.values(textsOf(service, one)));
  const isNeeded = [...always, ...Object.values(service.modelClient?.env ?? {})].some(holdsSecret);
  return isNeeded ? pick(textsOf(service, vectorDb), holdsSecret) : undefined;
};

/** Lines of a shell; quotes keep every other letter as it is. */
export const environmentText = (values: Texts): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('');
