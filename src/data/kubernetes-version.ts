import semver from 'semver';

/** A version as a Kubernetes component reports it: `v1.34.4-eks-abc1234`, `v1.31.5+k3s1`, `v1.20`. */
export interface KubernetesVersion {
  readonly major: number;
  readonly minor: number;
  /** Absent in versions that name a minor only. */
  readonly patch?: number;
  /** What follows the numbers, with its sign: `-eks-abc1234`, `+k3s1`, or empty. */
  readonly suffix: string;
}

/**
 * Reads a version. Undefined for whatever is not one: nothing is guessed out of a string that only contains a version,
 * since a wrong guess would become a wrong verdict. A build without a version stamp (`v0.0.0-master+...`) is not one
 * either: it says that it does not know.
 */
export function parseKubernetesVersion(text: string): KubernetesVersion | undefined {
  const shape = /^v?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,6})([-+][0-9A-Za-z.+-]*)?)?$/.exec(text);
  if (shape === null) return undefined;
  const [, major = '', minor = '', patch, suffix = ''] = shape;
  if (major === '0') return undefined;
  if (patch === undefined) {
    const numbers = { major: Number(major), minor: Number(minor), suffix: '' };
    return semver.valid(`${major}.${minor}.0`) === null ? undefined : numbers;
  }
  // What follows the numbers must be a pre-release or build that semver knows, or the string is something else.
  const parsed = semver.parse(text);
  return parsed === null ? undefined : { major: parsed.major, minor: parsed.minor, patch: parsed.patch, suffix };
}

/** `1.34`, as release calendars name it. */
export function minorOf(version: KubernetesVersion): string {
  return `${version.major}.${version.minor}`;
}
