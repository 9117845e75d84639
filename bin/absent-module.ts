/**
 * Stands in the bundle for packages that oclif would use to find commands and settings on the file system, to draw
 * spinners, or to learn whether it runs inside WSL. None of that happens here, and together they are most of the bundle.
 */
export const isWsl = false;
