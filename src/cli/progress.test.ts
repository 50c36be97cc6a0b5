import { strict as assert } from 'node:assert';
import { mock, test } from 'node:test';
import { startProgress } from './progress.ts';

function fakeTerminal(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, columns: 40, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  return { stream, written };
}

test('progress: on a terminal, after a second, at most ten times a second, and gone at the end', () => {
  delete process.env['COLUMNS'];
  const clock = mock.method(Date, 'now', () => 0);
  const at = (ms: number): void => {
    clock.mock.mockImplementation(() => ms);
  };
  const { stream, written } = fakeTerminal(true);
  const progress = startProgress('reading \u001b[2Jx', stream);
  at(900);
  progress.update(10, 100);
  assert.deepEqual(written, []);
  at(2000);
  progress.update(20, 100);
  at(2050);
  progress.update(21, 100);
  assert.deepEqual(written, ['\r\u001b[2K 20 % 8 s left: reading \ufffd[2Jx']);
  at(2200);
  progress.update(99, 100, 'a step with a name that is long');
  assert.equal(written.at(-1), '\r\u001b[2K 99 % reading \ufffd[2Jx: a step with a name');
  progress.end();
  assert.equal(written.at(-1), '\r\u001b[2K');
  clock.mock.restore();
});

test('progress: nothing in a pipe, and nothing to take away when nothing was shown', () => {
  const clock = mock.method(Date, 'now', () => 0);
  for (const isTTY of [false, true]) {
    clock.mock.mockImplementation(() => 0);
    const { stream, written } = fakeTerminal(isTTY);
    const progress = startProgress('reading', stream);
    clock.mock.mockImplementation(() => (isTTY ? 500 : 5000));
    progress.update(1, 2);
    progress.end();
    assert.deepEqual(written, []);
  }
  clock.mock.restore();
});
