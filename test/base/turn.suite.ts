import { assert } from 'chai';
import { turn, unlessStopped } from '../../src/base/turn.ts';
import { suite, test } from '../harness/registry.ts';

suite('a request to stop', () => {
  test('ends a wait for work that goes on, which may fail later', async () => {
    const control = new AbortController();
    let fail: (error: Error) => void = () => {};
    const work = new Promise<number>((_, reject) => {
      fail = reject;
    });
    const waiting = unlessStopped(work, control.signal).then(
      () => 'done',
      (error) => error.message,
    );
    control.abort(new Error('stopped'));
    assert.equal(await waiting, 'stopped');
    assert.equal(await unlessStopped(work, control.signal).catch((error) => error.message), 'stopped');
    fail(new Error('too late'));
    await turn();
  });

  test('that does not come leaves results and errors as they are', async () => {
    const { signal } = new AbortController();
    assert.equal(await unlessStopped(Promise.resolve(7), signal), 7);
    assert.equal(await unlessStopped(Promise.resolve(8)), 8);
    const failed = unlessStopped(Promise.reject(new Error('own')), signal);
    assert.equal(await failed.catch((error) => error.message), 'own');
  });

  test('is heard in a turn', async () => {
    const control = new AbortController();
    setTimeout(() => control.abort(new Error('stopped')));
    assert.equal(await turn(control.signal).catch((error) => error.message), 'stopped');
  });
});
