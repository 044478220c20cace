import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Restarts } from '../src/recovery';

test('a server that keeps dying is given up', () => {
    const restarts = new Restarts(4, 1000, () => 0);
    assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => restarts.another()), [true, true, true, true, false, false]);
});

test('deaths long ago do not count', () => {
    let now = 0;
    const restarts = new Restarts(2, 1000, () => now);
    const granted = [0, 600, 1700, 2400, 2500].map((time) => {
        now = time;
        return restarts.another();
    });
    assert.deepEqual(granted, [true, true, true, true, false]);
});
