import type { Service } from './schema.ts';

type Served = Service & { readonly modelServer: NonNullable<Service['modelServer']> };
type Asking = Service & { readonly modelClient: NonNullable<Service['modelClient']> };

/** A model that lies on the tenant's volume, by the name that its server has for it. */
export interface LocalModel {
  readonly server: 'ollama' | 'llamacpp';
  readonly name: string;
}

/** As clients of LiteLLM call it. */
export const publicName = ({ server, name }: LocalModel): string => `${server}/${name}`;

/** Models that turn text into vectors say so in their names, and answer no chat. */
export const isForText = ({ name }: LocalModel): boolean => !/embed|bge-|minilm/i.test(name);

/** The order in which models are shown and told to others. */
export const compareModels = (one: LocalModel, other: LocalModel): number =>
  publicName(one) < publicName(other) ? -1 : 1;

/** Which of a stack's services its clients ask for models. */
export const modelServerOf = (services: readonly Service[]): Served | undefined =>
  services.find((service): service is Served => service.modelServer !== undefined);

/** The services of a stack that ask for models. */
export const modelClientsOf = (services: readonly Service[]): Asking[] =>
  services.filter((service): service is Asking => service.modelClient !== undefined);

/** The environment of a service in a stack: with what a client of models needs, where there is a server of them. */
export const envOf = (
  { env, modelClient }: Service,
  services: readonly Service[],
): Readonly<Record<string, string>> =>
  modelServerOf(services) === undefined ? env : { ...env, ...modelClient?.env };

/** What a tenant needs in order to use a service of this stack. */
export function credentialsOf(
  { credentials, modelClient }: Service,
  services: readonly Service[],
): Service['credentials'] {
  const server = modelServerOf(services)?.modelServer;
  if (modelClient === undefined || server === undefined) return credentials;
  const key = server.checksKeys ? `{{secret.${modelClient.key}}}` : 'none: the network is its wall';
  return [
    ...credentials,
    { what: 'address of models', value: '{{models.url}}' },
    { what: 'key for models', value: key },
  ];
}
