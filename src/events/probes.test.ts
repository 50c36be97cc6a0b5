import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../test-support.ts';
import { type ProbeShape, parseProbeDefinition, probeFields } from './probe-definitions.ts';
import { findFunction, probedFunctions } from './probes.ts';

/** Roles of a definition's arguments by name, as events with those arguments would get them. */
function roles(line: string, shown: ProbeShape['arguments'][number]['shown'] = 'hex'): Record<string, string> {
  const definition = parseProbeDefinition(line)!;
  const { fields, probe } = probeFields({
    function: definition.function,
    isReturn: definition.isReturn,
    source: 'line',
    arguments: definition.arguments.map(({ name }) => ({ name, shown })),
    definition,
  });
  return Object.fromEntries(fields.map((field, i) => [field.name, `${probe.roles[i]}:${field.storage}`]));
}

test('roles come from registers and offsets, whatever the arguments are called', () => {
  assert.deepEqual(
    roles(
      'p:mine/z try_to_migrate a=%x0:x64 b=%x1:x32 c=+0x34(%x0):s32 d=+48($arg1):s32 e=+0(%x0):x64 f=+0x20(%x0):x64',
    ),
    {
      a: 'folio:u64',
      b: 'ttu:number',
      c: 'folio.refcount:number',
      d: 'folio.mapcount:number',
      e: 'folio.flags:u64',
      f: 'folio.index:u64',
    },
  );
  assert.deepEqual(roles('p:mine/m move_to_new_page x=$arg1:x64 y=$arg2:x64 r=+52($arg2):s32'), {
    x: 'dst:u64',
    y: 'src:u64',
    r: 'src.refcount:number',
  });
  assert.deepEqual(roles('p:mine/b folio_batch_move_lru q=%x0:x64 n=+0(%x0):u8 f=%x1:symbol'), {
    q: 'fbatch:u64',
    n: 'fbatch.nr:number',
    f: 'move_fn:text',
  });
});

test('a name that misleads does not: a register that is no parameter of interest has no role', () => {
  assert.deepEqual(roles('p:mine/m migrate_pages folio=%x3:x64 mode=%x4:s32'), { folio: ':u64', mode: 'mode:number' });
});

test('return probes: the caller, and the return value whatever it is called', () => {
  assert.deepEqual(roles('r10:fs/migrate_pages_ret migrate_pages n=$retval:s32', 'decimal'), {
    __probe_ret_ip: 'caller:text',
    n: 'return:number',
  });
});

test('fprobe events and the kernel’s own parameter names', () => {
  const definition = parseProbeDefinition('f:fs/moved move_to_new_folio%return rc=$retval:s32')!;
  assert.equal(definition.isReturn, true);
  assert.equal(definition.function, 'move_to_new_folio');
  assert.deepEqual(roles('f:fs/move move_to_new_folio dst src mode refs=src->_refcount.counter'), {
    dst: 'dst:u64',
    src: 'src:u64',
    mode: 'mode:number',
    refs: 'src.refcount:number',
  });
});

test('a probe in the middle of a function, on an address or on a tracepoint is no function probe', () => {
  assert.equal(parseProbeDefinition('p:x/y migrate_pages+0x40 a=%x0'), undefined);
  assert.equal(parseProbeDefinition('p:x/y 0xffff800008377c40'), undefined);
  assert.equal(parseProbeDefinition('e:x/y sched/sched_switch'), undefined);
  assert.equal(parseProbeDefinition(''), undefined);
  assert.equal(parseProbeDefinition('p:migrate_pages migrate_pages')?.system, '');
  assert.equal(parseProbeDefinition('p:x/y nvme:nvme_queue_rq')?.function, 'nvme_queue_rq');
});

test('without a definition, the names of common scripts', () => {
  const { probe } = probeFields({
    function: 'remove_migration_ptes',
    isReturn: false,
    source: 'line',
    arguments: [
      { name: 'old', shown: 'hex' },
      { name: 'new', shown: 'hex' },
      { name: 'oldref', shown: 'decimal' },
      { name: 'nonsense', shown: 'decimal' },
    ],
    definition: undefined,
  });
  assert.deepEqual(probe.roles, ['src', 'dst', 'src.refcount', '']);
});

test('a function means the same under each of its names, and compiler suffixes do not hide it', () => {
  assert.equal(findFunction('isolate_lru_page')?.meaning, 'folio_isolate_lru');
  assert.equal(findFunction('softleaf_entry_wait_on_locked')?.meaning, 'migration_entry_wait_on_locked');
  assert.equal(findFunction('alloc_contig_frozen_range_noprof')?.meaning, 'alloc_contig_range');
  assert.equal(findFunction('folio_migrate_mapping.isra.0')?.meaning, 'folio_migrate_mapping');
  assert.equal(findFunction('schedule'), undefined);
  assert.equal(new Set(probedFunctions.map((known) => known.name)).size, probedFunctions.length);
});

test('every probe that the bundled captures were made with is known, and so is each of its arguments', () => {
  const definitions = new Set<string>();
  for (const path of readdirSync(join(root, 'traces'), { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('meta.json')) continue;
    const sidecar = JSON.parse(readFileSync(join(root, 'traces', path), 'utf8')) as { kprobe_events?: string[] };
    for (const line of sidecar.kprobe_events ?? []) definitions.add(line);
  }
  assert.ok(definitions.size > 30, `${definitions.size} definitions`);
  for (const line of definitions) {
    const definition = parseProbeDefinition(line);
    assert.ok(definition, line);
    assert.ok(findFunction(definition.function), line);
    for (const [name, role] of Object.entries(roles(line))) assert.ok(!role.startsWith(':'), `${line}: ${name}`);
  }
});
