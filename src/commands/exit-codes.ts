/** What the process says with its exit code. */
export const exitCodes: readonly (readonly [string, string])[] = [
  ["0", "healthy, or all that was found was dealt with"],
  ["1", "findings remain"],
  ["2", "usage or configuration; nothing was done"],
  ["3", "something failed; the rest went on"],
  ["75", "another run holds the lock"],
  ["128+n", "ended by signal n"],
];
