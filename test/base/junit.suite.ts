import { assert } from 'chai';
import { junitXml } from '../../src/base/junit.ts';
import { JUnitLines } from '../harness/junit_lines.ts';
import { suite, test } from '../harness/registry.ts';

suite('JUnit', () => {
  test('is XML whatever names and messages hold', () => {
    const odd = junitXml('a "b"', [{ name: '<&>\u0001\ud800', failure: 'one\ntwo "three"' }]);
    assert.include(odd, 'name="&lt;&amp;&gt;\ufffd\ufffd"');
    assert.include(odd, '<failure message="one">one\ntwo &quot;three&quot;</failure>');
    assert.include(odd, '<testsuite name="a &quot;b&quot;" tests="1" failures="1"');
  });

  test('is made of the lines of suites and of golden, in whatever pieces they come', () => {
    const lines = new JUnitLines('s');
    const text = [
      'deno: an adapter',
      'ok    a > b 3 ms of it  12 ms',
      'FAIL  c  1500 ms',
      '      Error: no',
      '          at x',
      'pass      0.123  topic: d',
      'FAIL      2.5  topic: e',
      '2 passed, 2 failed',
      '',
    ].join('\n');
    for (const letter of text) lines.push(letter);
    const xml = lines.xml();
    assert.match(xml, /tests="4" failures="2" .* time="1\.512"/);
    assert.include(xml, 'name="a &gt; b 3 ms of it" time="0.012"/>');
    assert.match(
      xml,
      /name="c" time="1\.500">\s*<failure message="FAIL {2}c {2}1500 ms">FAIL {2}c {2}1500 ms\nError: no\nat x</,
    );
    assert.include(xml, 'name="topic: d" time="0.000"/>');
    assert.include(xml, 'name="topic: e"');
  });

  test('a program that dies has a case that fails', () => {
    const lines = new JUnitLines('s');
    lines.push('ok    a  1 ms\nok    b');
    assert.match(lines.xml(), /tests="3" failures="1"[\s\S]*the program ended before all cases had run/);
  });
});
