import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TraceError } from '../base/errors.ts';
import { newCapture } from '../events/capture.ts';
import { tracePath } from '../test-support.ts';
import { learn, settleFacts } from './facts.ts';
import { fromUname, parseSidecar, versionOfRelease } from './sidecar.ts';

const sidecarOf = (...parts: string[]) => {
  const path = tracePath(...parts, 'meta.json');
  return parseSidecar(path, readFileSync(path, 'utf8'));
};

test('a Debian kernel has its upstream version behind the release', () => {
  assert.deepEqual(fromUname('Linux 6.1.0-56-arm64 #1 SMP Debian 6.1.192-2 (2026-11-16) aarch64'), {
    kernelRelease: '6.1.0-56-arm64',
    kernelVersion: '6.1.192',
    arch: 'arm64',
  });
  // `uname -a` has the host's name after "Linux".
  assert.equal(
    fromUname('Linux target 6.12.117-fslab #2 SMP Fri Nov 20 09:06:43 UTC 2026 aarch64').kernelVersion,
    '6.12.117',
  );
  assert.equal(
    fromUname('Linux 7.2.12+deb14-arm64 #1 SMP PREEMPT Debian 7.2.12-1 (2026-10-22) aarch64').kernelVersion,
    '7.2.12',
  );
});

test('a release named by ABI does not tell the stable release', () => {
  assert.equal(versionOfRelease('6.1.0-56-arm64'), undefined);
  assert.equal(versionOfRelease('5.15.0-91-generic'), undefined);
  assert.equal(versionOfRelease('6.12.117-fslab'), '6.12.117');
  assert.equal(versionOfRelease('6.6.30-android15-8-g1234'), '6.6.30');
  assert.equal(versionOfRelease('not a release'), undefined);
});

test('the capture script’s record is read: kernel, zones, clock, LRU generations, policy, probes', () => {
  const sidecar = sidecarOf('debian-6.1-4k', 'shanon_hot');
  assert.equal(sidecar.kernelRelease, '6.1.0-56-arm64');
  assert.equal(sidecar.kernelVersion, '6.1.192');
  assert.equal(sidecar.pageSize, 4096);
  assert.equal(sidecar.paBits, 48);
  assert.equal(sidecar.cpus, 4);
  assert.equal(sidecar.clock, 'mono');
  assert.equal(sidecar.lruGen, false);
  assert.equal(sidecar.preemption, 'voluntary');
  assert.equal(sidecar.emulator, 'qemu-system-aarch64 -M virt (TCG)');
  assert.equal(sidecar.recordedPolicy, undefined);
  assert.deepEqual(sidecar.zones?.[1], { node: 1, zone: 'DMA', startPfn: 524288, spanned: 262144 });
  assert.equal(
    sidecar.probeDefinitions?.[0],
    'p:fs/migrate_pages migrate_pages from=%x0:x64 mode=%x4:s32 reason=%x5:s32',
  );
});

test('52 bits of virtual addresses are not 52 bits of physical ones', () => {
  const sidecar = sidecarOf('debian-7.2-4k', 'shanon_hot');
  assert.equal(sidecar.paBits, 48);
  assert.equal(sidecar.lruGen, true);
  // PREEMPT in the version string and none of the older choices set: CONFIG_PREEMPT_LAZY.
  assert.equal(sidecar.preemption, 'lazy');
});

test('the policies of the bundled pairs are ours by name', () => {
  const folder = tracePath('pairs', 'shared-anon-hot');
  const policies = new Map(
    readdirSync(folder).map((name) => [name, sidecarOf('pairs', 'shared-anon-hot', name, 'run01').recordedPolicy]),
  );
  assert.deepEqual(
    [...policies].sort(([a], [b]) => (a < b ? -1 : 1)),
    [
      ['baseline', undefined],
      ['drain-once', 'drain-once'],
      ['refcheck-unmap', 'refcheck-unmap'],
      ['waiters-undo', 'waiters-undo'],
    ],
  );
});

test('every bundled sidecar is read', () => {
  const found = readdirSync(tracePath(), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('meta.json'),
  );
  assert.ok(found.length > 10);
  for (const path of found) {
    const sidecar = parseSidecar(path, readFileSync(join(tracePath(), path), 'utf8'));
    assert.ok(sidecar.kernelVersion !== undefined && sidecar.pageSize !== undefined, path);
  }
});

test('a plain sidecar has the keys of Sidecar', () => {
  const text =
    '{"kernelVersion": "6.6.30", "pageSize": 16384, "arch": "aarch64", "recordedPolicy": "drain-once", "emulator": "qemu"}';
  assert.deepEqual(parseSidecar('a/meta.json', text), {
    kernelVersion: '6.6.30',
    pageSize: 16384,
    arch: 'arm64',
    recordedPolicy: 'drain-once',
    emulator: 'qemu',
  });
});

test('a malformed sidecar is an error that names its place', () => {
  const fails = (text: string, pattern: RegExp): void => {
    assert.throws(
      () => parseSidecar('a/meta.json', text),
      (error) => error instanceof TraceError && error.code === 'sidecar' && pattern.test(error.message),
      text,
    );
  };
  fails('{"kernelVersion": ', /a\/meta\.json: the sidecar is not JSON/);
  fails('[]', /at the top: .*an object/);
  fails('{"pagesize": 4096}', /at pagesize: .*one of kernelRelease/);
  fails('{"pageSize": "4096"}', /at pageSize: .*a whole number.*"4096"/);
  fails('{"zones": [{"node": 0, "zone": "DMA", "spanned": 5}]}', /at zones\[0\]\.startPfn: .*nothing/);
  fails('{"schema": "other/2"}', /at schema: .*other\/2/);
  fails('{"schema": "folioscope-lab-capture/1", "policy": "V9"}', /at policy: .*V0, V1, V2, V3.*"V9"/);
  fails('{"schema": "folioscope-lab-capture/1", "numa_zones": [3]}', /at numa_zones\[0\]/);
});

test('the capture is believed first, then the user, then the sidecar; contradictions are said', () => {
  const capture = newCapture('x', 'perf-script', 'lines');
  learn(capture, 'kernelRelease', '6.12.117-fslab', 'capture');
  settleFacts(capture, {
    pageSize: 16384,
    sidecar: { kernelRelease: '6.1.0-56-arm64', pageSize: 4096, arch: 'aarch64', clock: 'mono' },
  });
  assert.deepEqual(capture.kernelRelease, { value: '6.12.117-fslab', from: 'capture' });
  assert.deepEqual(capture.kernelVersion, { value: '6.12.117', from: 'capture' });
  assert.deepEqual(capture.pageSize, { value: 16384, from: 'option' });
  assert.deepEqual(capture.arch, { value: 'arm64', from: 'sidecar' });
  assert.deepEqual(capture.clock.name, { value: 'mono', from: 'sidecar' });
  assert.deepEqual(capture.remarks, [
    'the kernel release: the capture itself says 6.12.117-fslab (used), the sidecar says 6.1.0-56-arm64',
    'the page size: the option given says 16384 (used), the sidecar says 4096',
  ]);
});
