// Runs before anything is installed or built, so it is plain JavaScript and imports nothing but node's own.
// Installs only when package-lock.json is not the one that was installed last; says so when it does, is quiet otherwise.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

process.chdir(new URL('..', import.meta.url).pathname);
// Kept inside node_modules, so that a removed node_modules takes it along.
const stamp = 'node_modules/.package-lock.sha256';
const hash = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
  console.error('setup: package-lock.json is new here: npm ci');
  // --include=dev: the build needs it even where NODE_ENV says production.
  execFileSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: 'inherit' });
  writeFileSync(stamp, hash);
}

// `.git` is a folder in a clone and a file in a worktree; an unpacked archive has neither.
if (existsSync('.git')) {
  const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    let hooks = '';
    try {
      hooks = git('config', '--local', '--get', 'core.hooksPath');
    } catch {
      hooks = ''; // git exits 1 for a key that is not set
    }
    if (hooks === '') {
      git('config', '--local', 'core.hooksPath', '.githooks');
      console.error('setup: core.hooksPath is now .githooks');
    }
  } catch (error) {
    console.error(`setup: core.hooksPath not set: ${error.message}`);
  }
}
