import { expect, test } from '@jest/globals';
import { parseH2loadLog, parseH2loadOutput } from './h2load-output.ts';

const printed = (first: string, requests: string, codes: string): string => `
Main benchmark duration is over for thread #0. Stopping all clients.
Stopped all clients for thread #0

${first}
${requests}
${codes}
traffic: 3.09MB (3234878) total, 58.58KB (59990) headers (space savings 94.73%), 2.14MB (2247825) data
                     min         max         mean         sd        +/- sd
time for request:      189us      3.66ms      1.00ms       514us    76.75%
req/s           :   14789.94    15190.85    14977.92      202.29    75.00%
`;

test('a run without failures', () => {
  const text = printed(
    'finished in 500.67ms, 59942.00 req/s, 6.17MB/s',
    'requests: 29971 total, 30035 started, 29971 done, 29971 succeeded, 0 failed, 0 errored, 0 timeout',
    'status codes: 29971 2xx, 0 3xx, 0 4xx, 0 5xx',
  );
  expect(parseH2loadOutput(text)).toEqual({ answered: 29971, failed: 0, elapsedMs: 500.67, dataBytes: 2247825 });
});

test('a run with failures of several kinds', () => {
  const text = printed(
    'finished in 1.50s, 61.00 req/s, 6.17MB/s',
    'requests: 120 total, 130 started, 100 done, 90 succeeded, 10 failed, 7 errored, 3 timeout',
    'status codes: 90 2xx, 0 3xx, 10 4xx, 0 5xx',
  );
  expect(parseH2loadOutput(text)).toMatchObject({ answered: 90, failed: 30, elapsedMs: 1500 });
});

test('something that h2load does not print', () => {
  expect(() => parseH2loadOutput('command not found')).toThrow('h2load printed no ^finished in');
});

test('the log of requests gives latencies in milliseconds', () => {
  const log = '1795268321763071\t200\t1079\n1795268321763060\t200\t1123\n1795268321763062\t-1\t90\n';
  expect([...parseH2loadLog(log)]).toEqual([1.079, 1.123, 0.09]);
  expect([...parseH2loadLog('')]).toEqual([]);
});
