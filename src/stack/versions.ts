/** Is a version, by its first two numbers, the other one or later? `6.1.0-42` is at least `5.14`. */
export function isAtLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = numbersOf(version);
  const [wantedMajor = 0, wantedMinor = 0] = numbersOf(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

const numbersOf = (version: string): number[] => version.split('.').map((part) => Number.parseInt(part, 10));
