/**
 * Which package may import which: the layering of docs/design.md as data. Tests and `testing/` folders may also use
 * what `forTests` adds.
 */
export const layers: Readonly<
  Record<string, { readonly may: readonly string[]; readonly forTests?: readonly string[] }>
> = {
  errors: { may: [] },
  platform: { may: ['errors'] },
  context: { may: ['errors', 'platform'] },
  digest: { may: ['errors'] },
  storage: { may: ['context', 'digest', 'errors', 'platform'] },
  proto: { may: [] },
  rpc: { may: ['context', 'errors', 'platform'] },
  server: { may: ['context', 'digest', 'errors', 'platform', 'proto', 'rpc', 'storage'] },
  telemetry: { may: ['context', 'errors', 'platform'] },
  config: { may: ['errors'] },
  assembly: {
    may: ['config', 'context', 'digest', 'errors', 'platform', 'rpc', 'server', 'storage', 'telemetry'],
  },
  gorego: { may: ['assembly', 'config', 'errors', 'platform', 'proto', 'rpc', 'telemetry'] },
};

/** Imports of Node's own modules by library code: where, which, and why there. Tests may import any. */
export const nodeImports: readonly { readonly in: RegExp; readonly may: RegExp; readonly because: string }[] = [
  { in: /^pkg\/[^/]+\/src\//, may: /^node:assert\/strict$/, because: 'assertions are for bugs, everywhere' },
  { in: /^pkg\/platform\/src\/node\//, may: /^node:/, because: 'this is Node, behind our interfaces' },
  { in: /^pkg\/digest\/src\//, may: /^node:crypto$/, because: 'hashing is what it is for' },
  { in: /^pkg\/storage\/src\/disk\/action-record\.ts$/, may: /^node:crypto$/, because: 'a record carries its hash' },
  { in: /^pkg\/rpc\/src\//, may: /^node:(net|http2|events)$/, because: 'transports are sockets' },
  { in: /^pkg\/config\/src\/from-file\.ts$/, may: /^node:path$/, because: 'a file has an extension' },
  { in: /^pkg\/assembly\/src\//, may: /^node:path$/, because: 'relative directories become absolute here' },
  { in: /^cmd\/gorego\/src\//, may: /^node:/, because: 'a program is where Node is met' },
];

/** What a folder of documents asks of each document's front matter. */
export const frontMatter: readonly { readonly folder: string; readonly status: readonly string[] }[] = [
  { folder: 'docs/research', status: ['current', 'outdated'] },
  { folder: 'docs/plan', status: ['proposed', 'current', 'done', 'dropped'] },
  { folder: 'docs/retro', status: ['final'] },
  { folder: 'docs/decisions', status: ['proposed', 'accepted', 'superseded'] },
];
