import { describe, expect, it } from 'vitest';
import { connectionOf, durationSeconds, namespaceOf } from '../../src/commands/flags.ts';
import { kubectlSpelling } from '../../src/commands/kubectl-spelling.ts';
import { Problem } from '../../src/problem.ts';
import { runSecaudit } from '../support/run-secaudit.ts';
import { demoSnapshotFile } from '../support/demo.ts';

const switches = new Set(['-A', '--all-namespaces', '--insecure-skip-tls-verify']);

it.each([
  [['-n=shop'], ['-n', 'shop']],
  [['-n='], ['-n', '']],
  [['-nshop', '-n', 'shop', '--namespace=shop'], ['-nshop', '-n', 'shop', '--namespace=shop']],
  [['-o=json', '-s=https://a:1/?x=y'], ['-o', 'json', '-s', 'https://a:1/?x=y']],
  [['-A=true', '-A=1', '--all-namespaces=T'], ['-A', '-A', '--all-namespaces']],
  [['-A=false', '--insecure-skip-tls-verify=0'], []],
  [['-A=perhaps'], ['-A', 'perhaps']],
  [['explain', 'x=y', '--as-user-extra=a=b', '--', '-n=shop'], ['explain', 'x=y', '--as-user-extra=a=b', '--', '-n=shop']],
])('%j is %j', (given, expected) => {
  expect(kubectlSpelling(given, switches)).toEqual(expected);
});

it.each([['-n=shop'], ['-nshop'], ['-n', 'shop'], ['--namespace=shop'], ['--namespace', 'shop']])('the program takes %j %j', async (...words) => {
  // A snapshot has no namespace to choose, so the refusal proves that the flag was understood.
  const { code, stderr } = await runSecaudit(['--snapshot', demoSnapshotFile, ...words]);
  expect(code).toBe(2);
  expect(stderr).toContain('take a snapshot with -n');
});

describe('durations as Go writes them', () => {
  it.each([['0', 0], ['5', 5], ['1m30s', 90], ['1.5h', 5400], ['.5s', 0.5], ['1.s', 1], ['100ms', 0.1], ['2us', 2e-6], ['+2s', 2], ['0s', 0]])('%s', (text, seconds) => {
    expect(durationSeconds('--request-timeout', text)).toBeCloseTo(seconds, 9);
  });
  it.each(['-1s', 's', '1d', '1 s', '', '.s', '1e3'])('not %j', text => {
    expect(() => durationSeconds('--request-timeout', text)).toThrow(Problem);
  });
});

it('all namespaces win over one, as in kubectl', () => {
  expect(namespaceOf({ namespace: 'shop' })).toEqual({ namespace: 'shop' });
  expect(namespaceOf({ namespace: 'shop', 'all-namespaces': true })).toEqual({});
});

it('extra is KEY=VALUE, several times', () => {
  expect(connectionOf({ 'as-user-extra': ['a=1', 'a=2', 'b=c=d'] }).asUserExtra).toEqual(new Map([['a', ['1', '2']], ['b', ['c=d']]]));
  for (const word of ['a', '=b']) expect(() => connectionOf({ 'as-user-extra': [word] })).toThrow(/takes KEY=VALUE/);
});
