/** Parentheses of probe events met before, so that they need not be read again (`probe-line.ts` reads one). */
import type { KnownSite } from './kind-table.ts';

/** Parentheses remembered of one name: an entry has one, a return one for each of its callers. */
const mostSites = 16;

/** Puts a parenthesis last; the one met longest ago makes room. */
export function rememberSite(sites: KnownSite[], site: KnownSite): void {
  if (sites.length === mostSites) sites.pop();
  sites.push(site);
}

/** Comparing with a parenthesis met before costs a third of reading it: a tenth of the time of a capture full of probes. */
export function knownSite(sites: KnownSite[], bytes: Uint8Array, start: number, end: number): KnownSite | undefined {
  for (let i = 0; i < sites.length; i++) {
    const site = sites[i]!;
    if (!startsWithBytes(bytes, start, end, site.bytes)) continue;
    if (i > 0) {
      sites[i] = sites[i - 1]!;
      sites[i - 1] = site;
    }
    return site;
  }
  return undefined;
}

function startsWithBytes(bytes: Uint8Array, at: number, end: number, wanted: Uint8Array): boolean {
  const { length } = wanted;
  if (at + length > end) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}
