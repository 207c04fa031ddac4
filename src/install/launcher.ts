/** The one program that the sudo rule names. */
export const LAUNCHER = '/usr/local/sbin/aiplat';
