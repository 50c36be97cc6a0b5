/** Completion: what bash itself completes, and scripts that the other shells can read. */
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { namedPolicies } from '../policies/policies.ts';
import { skipWithout } from '../test-support.ts';
import { wordsOf } from './completion-words.ts';
import { program } from './program.ts';
import { folioscope, temporaryFile } from './test-support.ts';

const has = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined;

test('bash completes commands, options, choices, policies and names of assumptions', {
  skip: skipWithout('bash', has('bash')),
}, (t) => {
  const { code, stdout, stderr } = folioscope(['completion', 'bash']);
  assert.deepEqual([code, stderr], [0, '']);
  const script = temporaryFile(t, 'folioscope.bash', stdout);
  /** What bash offers for the last of these words. */
  const offered = (...words: string[]): string[] => {
    const line = `source "$1"; shift; COMP_WORDS=(folioscope "$@"); COMP_CWORD=$#; _folioscope; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const done = spawnSync('bash', ['--norc', '-u', '-c', line, 'bash', script, ...words], { encoding: 'utf8' });
    assert.deepEqual([done.status, done.stderr], [0, ''], words.join(' '));
    return done.stdout.split('\n').filter((word) => word !== '');
  };
  assert.deepEqual(offered('co'), ['compare', 'completion']);
  assert.deepEqual(offered('--v'), ['--version']);
  assert.deepEqual(offered('export', '--to', ''), ['parquet', 'arrow', 'csv', 'perfetto']);
  assert.deepEqual(offered('events', 'x.dat', '--format', 'p'), ['parquet']);
  assert.deepEqual(offered('export', '--tab'), ['--table']);
  assert.deepEqual(offered('completion', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(offered('help', 'ex'), ['export']);
  assert.deepEqual(offered('compare', 'x.dat', '--policy', 'refcheck-unmap'), ['refcheck-unmap', 'refcheck-unmap-x3']);
  assert.deepEqual(offered('policies', 'linux-7.'), ['linux-7.0', 'linux-7.1', 'linux-7.2']);
  assert.deepEqual(offered('compare', '--assume', 'untold-ref'), ['untold-reference-lasts=']);
  assert.deepEqual(offered('compare', '--draws', ''), []);
  // Files are the shell's own.
  assert.deepEqual(offered('check', ''), []);
  const policies = offered('compare', '--policy', '');
  for (const { name } of namedPolicies) if (!name.includes('[')) assert.ok(policies.includes(name), name);
  for (const { name, options } of wordsOf(program()).commands)
    assert.deepEqual(
      offered(name, '-'),
      options.flatMap(({ flags }) => flags),
      name,
    );
});

test('bash takes the function for the command, and offers files where they may stand', {
  skip: skipWithout('bash', has('bash')),
}, (t) => {
  const script = temporaryFile(t, 'folioscope.bash', folioscope(['completion', 'bash']).stdout);
  const done = spawnSync('bash', ['--norc', '-c', `source ${script}; complete -p folioscope`], { encoding: 'utf8' });
  assert.equal(done.stdout, 'complete -F _folioscope folioscope\n');
});

for (const shell of ['zsh', 'fish'] as const)
  test(`${shell} can read its script`, { skip: skipWithout(shell, has(shell)) }, (t) => {
    const script = temporaryFile(t, `folioscope.${shell}`, folioscope(['completion', shell]).stdout);
    const done = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
    assert.deepEqual([done.status, done.stderr], [0, '']);
  });

test('fish completes them as bash does', { skip: skipWithout('fish', has('fish')) }, (t) => {
  const script = temporaryFile(t, 'folioscope.fish', folioscope(['completion', 'fish']).stdout);
  const offered = (line: string): string[] => {
    const done = spawnSync('fish', ['--no-config', '-c', `source ${script}; complete -C ${JSON.stringify(line)}`], {
      encoding: 'utf8',
    });
    assert.equal(done.stderr, '');
    return done.stdout
      .split('\n')
      .flatMap((one) => one.split('\t')[0] ?? '')
      .filter((word) => word !== '');
  };
  assert.deepEqual(offered('folioscope co'), ['compare', 'completion']);
  assert.deepEqual(offered('folioscope export --to ').sort(), ['arrow', 'csv', 'parquet', 'perfetto']);
  assert.deepEqual(offered('folioscope compare --policy refcheck-unmap'), ['refcheck-unmap', 'refcheck-unmap-x3']);
  assert.deepEqual(offered('folioscope help ex'), ['export']);
});

test('scripts of zsh and fish name every command and option, with their quotes closed', () => {
  const { commands } = wordsOf(program());
  for (const shell of ['zsh', 'fish']) {
    const { stdout } = folioscope(['completion', shell]);
    for (const { name, options } of commands) {
      assert.ok(stdout.includes(name), `${shell}: ${name}`);
      for (const { flags } of options)
        for (const flag of flags)
          assert.ok(
            stdout.includes(shell === 'zsh' ? flag : flag.replace(/^--/, '-l ').replace(/^-(\w)$/, '-s $1')),
            `${shell}: ${flag}`,
          );
    }
    const bare = shell === 'fish' ? stdout.replace(/\\./g, '') : stdout.replaceAll("'\\''", '');
    for (const line of bare.split('\n')) assert.equal((line.match(/'/g)?.length ?? 0) % 2, 0, line);
  }
});

test('another shell is refused with those that there are', () => {
  const { code, stderr } = folioscope(['completion', 'tcsh']);
  assert.equal(code, 2);
  assert.match(stderr, /bash, zsh, fish/);
});
