/**
 * Findings as JUnit XML, as CI systems read it: a test suite for the capture, a test case for each rule, `failure` for a broken
 * one, `skipped` for one that cannot be told (`failure` under strict rules).
 */
import type { Finding } from './judge.ts';

/** A finding with its sentences. */
export interface Told {
  readonly finding: Finding;
  /** What was measured, and what was asked. */
  readonly says: string;
  /** Lines behind it. */
  readonly more: readonly string[];
  /** What lists the events that break it; empty where none are known. */
  readonly command: string;
}

/** Text for XML 1.0, within quotes too; characters that it has no way to write become U+FFFD. */
function escaped(text: string): string {
  return text
    .replace(
      /[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu,
      '\ufffd',
    )
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/[\t\n\r]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** As text of an element, where lines may stay lines. */
const lines = (all: readonly string[]): string => all.map(escaped).join('\n');

export function junit(source: string, rulesFile: string, told: readonly Told[], isStrict: boolean): string {
  const isFailure = ({ finding: { verdict } }: Told): boolean =>
    verdict === 'broken' || (isStrict && verdict === 'cannot tell');
  const isSkipped = (one: Told): boolean => one.finding.verdict === 'cannot tell' && !isFailure(one);
  const counts = `tests="${told.length}" failures="${told.filter(isFailure).length}" errors="0" skipped="${told.filter(isSkipped).length}"`;
  const cases = told.map((one) => {
    const { name, assert, because } = one.finding.rule;
    const open = `    <testcase name="${escaped(name)}" classname="${escaped(rulesFile)}" time="0"`;
    const body = lines([assert, because, ...one.more, one.command].filter((line) => line !== ''));
    if (isFailure(one))
      return `${open}>\n      <failure type="${one.finding.verdict}" message="${escaped(one.says)}">${body}</failure>\n    </testcase>`;
    if (isSkipped(one)) return `${open}>\n      <skipped message="${escaped(one.says)}"/>\n    </testcase>`;
    return `${open}>\n      <system-out>${lines([one.says, ...one.more])}</system-out>\n    </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="folioscope check" ${counts}>`,
    `  <testsuite name="${escaped(source)}" ${counts} time="0">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}
