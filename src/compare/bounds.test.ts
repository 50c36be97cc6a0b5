import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { workOut } from '../history/history.ts';
import { openCapture } from '../read/file.ts';
import { metricNames } from '../replay/outcome.ts';
import { tracePath } from '../test-support.ts';
import { spanOf } from './bounds.ts';
import { compare } from './compare.ts';

test('a span reaches as far as the interval and every bounding replay, and has no estimate', () => {
  const span = spanOf({ estimate: 2, low: 1, high: 3 }, [Float64Array.of(0, 2), Float64Array.of(5)]);
  assert.deepEqual(span, { estimate: Number.NaN, low: 0, high: 5 });
});

test('a bounded answer has bounds and no point, wider than the draws of one throw of what is not known', async () => {
  const path = tracePath('pairs', 'shared-anon-hot', 'baseline', 'run01', 'trace.txt.gz');
  const history = await workOut(await openCapture(path));
  const { rows } = compare(history, { draws: 20, policies: ['drain-once', 'refcheck-unmap'] });
  const [, bounded, observed] = rows;
  assert.deepEqual([bounded!.answer, observed!.answer], ['bounded', 'observed']);
  for (const metric of metricNames) {
    for (const of of [bounded!.value[metric], bounded!.difference[metric]]) {
      assert.ok(Number.isNaN(of.estimate), metric);
      assert.ok(Number.isNaN(of.low) === Number.isNaN(of.high) && !(of.low > of.high), metric);
    }
  }
  const { low, high } = bounded!.value.lruLocks;
  assert.ok(high > low, 'adds as early and as late as may be take other numbers of locks');
  assert.ok(!Number.isNaN(observed!.value.failedFolios.estimate));
});
