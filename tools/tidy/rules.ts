/** Which package may import which: the layering of docs/design.md as data. Tests and `testing/` folders may use any. */
export const layers: Readonly<Record<string, { readonly may: readonly string[] }>> = {
  errors: { may: [] },
  platform: { may: ['errors'] },
  context: { may: ['errors', 'platform'] },
  digest: { may: ['errors'] },
  chunking: { may: [] },
  compression: { may: ['errors'] },
  storage: { may: ['compression', 'context', 'digest', 'errors', 'platform'] },
  proto: { may: [] },
  rpc: { may: ['context', 'errors', 'platform'] },
  server: {
    may: ['chunking', 'compression', 'context', 'digest', 'errors', 'platform', 'proto', 'rpc', 'storage'],
  },
  asset: {
    may: ['compression', 'context', 'digest', 'errors', 'platform', 'proto', 'rpc', 'server', 'storage'],
  },
  http: {
    may: ['compression', 'context', 'digest', 'errors', 'platform', 'proto', 'rpc', 'server', 'storage'],
  },
  telemetry: { may: ['context', 'errors', 'platform'] },
  config: { may: ['digest', 'errors'] },
  proxy: { may: ['compression', 'context', 'digest', 'errors', 'platform', 'proto', 'rpc', 'storage'] },
  janitor: { may: ['context', 'digest', 'errors', 'platform', 'storage'] },
  // Judges the others, from above; nothing that runs imports it.
  simulation: { may: ['context', 'digest', 'errors', 'platform', 'proto', 'proxy', 'rpc', 'server', 'storage'] },
  assembly: {
    may: [
      'asset',
      'compression',
      'config',
      'context',
      'digest',
      'errors',
      'http',
      'janitor',
      'platform',
      'proxy',
      'rpc',
      'server',
      'storage',
      'telemetry',
    ],
  },
  gorego: { may: ['assembly', 'config', 'context', 'errors', 'platform', 'proto', 'rpc', 'telemetry'] },
};

/** Imports of Node's own modules by library code: where, which, and why there. Tests may import any. */
export const nodeImports: readonly { readonly in: RegExp; readonly may: RegExp; readonly because: string }[] = [
  { in: /^pkg\/[^/]+\/src\//, may: /^node:assert\/strict$/, because: 'assertions are for bugs, everywhere' },
  { in: /^pkg\/platform\/src\/node\//, may: /^node:/, because: 'this is Node, behind our interfaces' },
  { in: /^pkg\/chunking\/src\/gear-table\.ts$/, may: /^node:crypto$/, because: 'the gear table is made of MD5' },
  { in: /^pkg\/digest\/src\//, may: /^node:crypto$/, because: 'hashing is what it is for' },
  { in: /^pkg\/compression\/src\//, may: /^node:(zlib|stream)$/, because: 'Node has the codecs' },
  { in: /^pkg\/digest\/src\/native-blake3\.ts$/, may: /^node:module$/, because: 'machine code is loaded on demand' },
  { in: /^pkg\/proto\/src\/wire-reader\.ts$/, may: /^node:buffer$/, because: 'it tells UTF-8 at native speed' },
  { in: /^pkg\/storage\/src\/disk\/index\/key\.ts$/, may: /^node:crypto$/, because: 'long keys are hashed' },
  {
    in: /^pkg\/storage\/src\/disk\//,
    may: /^node:zlib$/,
    because: 'what is on disk carries its checksum, and crc32 is there',
  },
  { in: /^pkg\/proxy\/src\/guard\/circuit\.ts$/, may: /^node:events$/, because: 'opossum emits events' },
  { in: /^pkg\/http\/src\//, may: /^node:http$/, because: 'HTTP/1.1 is served by Node' },
  {
    in: /^pkg\/asset\/src\/origin\//,
    may: /^node:(dns\/promises|http|https|net)$/,
    because: 'this asks the network, behind an interface',
  },
  { in: /^pkg\/asset\/src\/archive\//, may: /^node:(stream|zlib)$/, because: 'archives are compressed' },
  { in: /^pkg\/rpc\/src\//, may: /^node:(net|http|http2|events)$/, because: 'transports are sockets' },
  { in: /^pkg\/rpc\/src\/grpc\/decompressed\.ts$/, may: /^node:zlib$/, because: 'gRPC’s messages may be compressed' },
  { in: /^pkg\/config\/src\/from-file\.ts$/, may: /^node:path$/, because: 'a file has an extension' },
  {
    in: /^pkg\/assembly\/src\//,
    may: /^node:(path|fs)$/,
    because: 'relative directories become absolute here, and certificates and tokens are files',
  },
  { in: /^cmd\/gorego\/src\//, may: /^node:/, because: 'a program is where Node is met' },
];

/** What a folder of documents asks of each document's front matter. */
export const frontMatter: readonly { readonly folder: string; readonly status: readonly string[] }[] = [
  { folder: 'docs/research', status: ['current', 'outdated'] },
  { folder: 'docs/plan', status: ['proposed', 'current', 'done', 'dropped'] },
  { folder: 'docs/retro', status: ['final'] },
  { folder: 'docs/decisions', status: ['proposed', 'accepted', 'superseded'] },
];
