/** Ids of steps, which other steps name in their needs. */

export const NETWORK = 'network';
export const PROFILES = 'profiles';
export const FIREWALL = 'firewall';
export const SLICE = 'slice';
export const imageId = (image: string): string => `image ${image}`;
export const serviceId = (name: string): string => `service ${name}`;
/** Stopping a container ahead of its replacement, because another service takes its port. */
export const releaseId = (container: string): string => `release ${container}`;
/** Bringing the data of a service in line with its secrets. */
export const alignId = (name: string): string => `align ${name}`;
/** Making or mending the databases of a service in the tenant's PostgreSQL. */
export const databasesId = (name: string): string => `databases ${name}`;
export const filesId = (name: string): string => `files ${name}`;
export const directoryId = (path: string): string => `directory ${path}`;
