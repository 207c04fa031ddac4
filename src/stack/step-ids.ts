/** Ids of steps, which other steps name in their needs. */

export const NETWORK = 'network';
export const imageId = (image: string): string => `image ${image}`;
export const serviceId = (name: string): string => `service ${name}`;
export const filesId = (name: string): string => `files ${name}`;
export const directoryId = (path: string): string => `directory ${path}`;
