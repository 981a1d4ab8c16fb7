import { expect, test } from '@jest/globals';
import { markdown, mebibytes, percents, shown } from './table.ts';

test.each([
  [64199.4, '64199'],
  [99.96, '100'],
  [77.84, '77.8'],
  [9.996, '10.0'],
  [6.4, '6.40'],
  [0.8241, '0.824'],
  [0, '0.00'],
  [Number.NaN, '-'],
  [undefined, '-'],
])('%d is shown as %s', (value, text) => {
  expect(shown(value)).toBe(text);
});

test('shares and sizes', () => {
  expect([percents(0.126), percents(undefined), mebibytes(27.6 * 2 ** 20)]).toEqual(['13%', '-', '27.6']);
});

test('a table is Markdown, its notes a list', () => {
  const table = { name: 'x', title: 'X', columns: ['a', 'b'], rows: [['1', 'p|q']], notes: ['Take care.'] };
  expect(markdown(table)).toBe('| a | b |\n| --- | --- |\n| 1 | p\\|q |\n\n- Take care.');
});
