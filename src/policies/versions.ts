/** Kernel versions, and ranges of them per branch: mainline on one line, and what stable branches took over. */
import { ScenarioError } from '../base/errors.ts';

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * Where a choice was real. `since` and `before` are mainline releases (`6.3`); a stable release belongs to the mainline
 * release that it grew from, unless its branch is named in `branches`.
 */
export interface Range {
  readonly since?: string;
  /** First mainline release in which it was no longer so. */
  readonly before?: string;
}

/** Stable branches that went another way: `6.1` from .116 on. A branch may be listed more than once. */
export interface BranchRange {
  readonly branch: string;
  /** First and last patch level, inclusive; absent = from .0, or to the branch's end. */
  readonly from?: number;
  readonly to?: number;
}

const pattern = /^(\d+)\.(\d+)(?:\.(\d+))?(?:[-+].*)?$/;

/** Reads `6.12.117`, `6.12` (= 6.12.0) or `6.12.117-arm64`; undefined when it is none. */
export function parseVersion(text: string): Version | undefined {
  const found = pattern.exec(text);
  if (found === null) return undefined;
  return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3] ?? 0) };
}

/**
 * The oldest and the newest release that the axes were worked out for. A later patch level of a known branch is taken to
 * be like the last one known.
 */
export const oldest: Version = { major: 5, minor: 0, patch: 0 };
export const newest: Version = { major: 7, minor: 2, patch: 0 };

/** Last minor of a major, as far as released: a version in between that never was is a mistake to point out. */
const lastMinor: Readonly<Record<number, number>> = { 5: 19, 6: 19, 7: 2 };

function releaseNumber(version: Version): number {
  return version.major * 1000 + version.minor;
}

/** The version named in a policy (`linux-6.1.192`), checked against what is modelled. Throws a ScenarioError. */
export function knownVersion(text: string): Version {
  const version = parseVersion(text);
  const range = `versions from ${oldest.major}.${oldest.minor} to ${newest.major}.${newest.minor} are modelled`;
  if (version === undefined) {
    throw new ScenarioError(
      'kernel-version',
      `linux-${text}: not a kernel version`,
      `write linux-X.Y or linux-X.Y.Z; ${range}`,
    );
  }
  if (releaseNumber(version) < releaseNumber(oldest)) {
    throw new ScenarioError('kernel-version', `linux-${text}: too old`, range);
  }
  if (releaseNumber(version) > releaseNumber(newest)) {
    throw new ScenarioError('kernel-version', `linux-${text}: newer than what is known here`, range);
  }
  if (version.minor > (lastMinor[version.major] ?? -1)) {
    throw new ScenarioError('kernel-version', `linux-${text}: there was no such release`, range);
  }
  return version;
}

/** Whether the mainline release that a version grew from lies in the range. */
export function inRange(version: Version, range: Range): boolean {
  const release = releaseNumber(version);
  if (range.since !== undefined && release < releaseNumber(knownRelease(range.since))) return false;
  return range.before === undefined || release < releaseNumber(knownRelease(range.before));
}

/** Whether a stable branch's patch level lies in the range. */
export function inBranch(version: Version, range: BranchRange): boolean {
  const branch = knownRelease(range.branch);
  return (
    releaseNumber(version) === releaseNumber(branch) &&
    version.patch >= (range.from ?? 0) &&
    version.patch <= (range.to ?? Number.POSITIVE_INFINITY)
  );
}

function knownRelease(text: string): Version {
  const version = parseVersion(text);
  if (version === undefined) throw new Error(`${text} is not a release`);
  return version;
}
