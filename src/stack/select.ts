import { type Catalog, vectorDbService, withDependencies } from '../catalog/catalog.ts';
import type { ImageSource, Service } from '../catalog/schema.ts';
import { type Settings, secretOf } from '../tenant/settings.ts';

/**
 * The services that these settings ask for, with the vector database and all that is needed beside them, but for
 * those that wait for a key.
 */
export function selectedServices(catalog: Catalog, settings: Settings, source: ImageSource): Service[] {
  const asked = askedServices(catalog, settings, source);
  return asked.filter((service) => missingKey(service, asked, settings) === undefined);
}

/** A service that is asked for and left out, because its key, or that of the one whose network it shares, is empty. */
export interface LeftOut {
  readonly service: Service;
  readonly givenKey: NonNullable<Service['givenKey']>;
}

export function leftOutServices(catalog: Catalog, settings: Settings, source: ImageSource): LeftOut[] {
  const asked = askedServices(catalog, settings, source);
  return asked.flatMap((service) => {
    const givenKey = missingKey(service, asked, settings);
    return givenKey === undefined ? [] : [{ service, givenKey }];
  });
}

/** The service whose network namespace this one shares; undefined when it has an own one. */
export const networkOwner = (
  { networkOf }: Pick<Service, 'networkOf'>,
  services: readonly Service[],
): Service | undefined => services.find(({ name }) => name === networkOf);

/** The services that share the network namespace of this one. */
export const networkGuests = ({ name }: Service, services: readonly Service[]): Service[] =>
  services.filter(({ networkOf }) => networkOf === name);

function askedServices(catalog: Catalog, settings: Settings, source: ImageSource): Service[] {
  const vectorDb = vectorDbService(catalog, settings.vectorDb);
  const added = [...catalog.values()].filter(({ isAdded }) => isAdded === true);
  const chosen = [...added, ...(vectorDb === undefined ? [] : [vectorDb])].map(({ name }) => name);
  const names = [...settings.services, ...chosen];
  const asked = withDependencies(catalog, names, vectorDb);
  const owners = asked.flatMap(({ networkOf = '' }) =>
    catalog.get(networkOf)?.sources[source] === undefined ? [] : [networkOf],
  );
  return withDependencies(catalog, [...names, ...owners], vectorDb);
}

function missingKey(service: Service, asked: readonly Service[], settings: Settings): Service['givenKey'] {
  const { givenKey } = networkOwner(service, asked) ?? service;
  return givenKey !== undefined && secretOf(settings, givenKey.key)?.reveal() === '' ? givenKey : undefined;
}
