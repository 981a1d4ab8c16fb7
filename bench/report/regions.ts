/**
 * Puts `content` between the lines `<!-- bench:begin NAME -->` and `<!-- bench:end NAME -->` of a Markdown text, in
 * place of what is there. Undefined if the text has no such region; throws if it has one that can't be told apart.
 */
export function withRegion(text: string, name: string, content: string): string | undefined {
  const begin = `<!-- bench:begin ${name} -->`;
  const end = `<!-- bench:end ${name} -->`;
  const lines = text.split('\n');
  const at = lines.flatMap((line, i) => (line.trim() === begin ? [i] : []));
  const until = lines.flatMap((line, i) => (line.trim() === end ? [i] : []));
  const [first, last] = [at[0], until[0]];
  if (first === undefined && last === undefined) return undefined;
  if (at.length !== 1 || until.length !== 1 || first === undefined || last === undefined || first > last) {
    throw new Error(`needs one "${begin}" and one "${end}" after it, has ${at.length} and ${until.length}`);
  }
  return [...lines.slice(0, first + 1), '', content.trim(), '', ...lines.slice(last)].join('\n');
}

/** The names of all regions that a text begins. */
export function regionsIn(text: string): string[] {
  return [...text.matchAll(/^[ \t]*<!-- bench:begin (\S+) -->[ \t]*$/gm)].map(([, name = '']) => name);
}
