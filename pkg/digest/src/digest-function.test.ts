import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type DigestFunctionName, digestFunctionNames, digestFunctions, whyUnavailable } from './digest-function.ts';

type Vectors = readonly (readonly [length: number, hex: string])[];

/** Bytes 0, 1, 2 … below `period`, and again. */
function counting(length: number, period: number): Uint8Array {
  return length === 0 ? new Uint8Array() : new Uint8Array(Buffer.alloc(length, Uint8Array.from(Array(period).keys())));
}

function inPieces(name: DigestFunctionName, bytes: Uint8Array, pieceBytes: number): string {
  const hasher = digestFunctions[name].newHasher(bytes.byteLength);
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) hasher.update(bytes.subarray(at, at + pieceBytes));
  return hasher.hex();
}

/** Published by who defined the functions: the input is counted by a period. */
const published: Readonly<Partial<Record<DigestFunctionName, { period: number; vectors: Vectors }>>> = {
  // The API's sha256tree_test_vectors.txt, and plain SHA-256 for what is not longer than a leaf.
  sha256tree: {
    period: 251,
    vectors: [
      [3, 'ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc'],
      [1025, '36c0998b21839ef74300b9de47d96d1f62323dc81f2b4231e98ce70cd6ffe750'],
      [2048, 'b584996386f01793751c5cf0c39561f51b7e9924b818943b3cb2f6928cea0fa9'],
      [2049, '7318d2029b0392edf4cf109edb5a086b4bdadbb7950f710a1483eb881d9e5d44'],
      [3072, 'dfc61c0a041f79d55d53bfe31c6cda7df77fdc8e6fbac1143d70b7144fdf6937'],
      [3073, '517d20c0e5835f060a1bd6388ed68574f63424bdac2a2c3a35a5c2ef859d8fe2'],
      [4096, '2f72bb93880012168c027f6781527ff08177c7c8dccb443f4d2c6389c186633d'],
      [4097, 'c3ec942c1b8f4580320d3a06bcf4f8fe1f5db2be797ab67061ea4c2a95f208f2'],
      [5120, 'a76924f6535b4b473377c285ec27acc84cc58e95ab1e9e29b1bb6a4a3fb9d0b3'],
      [5121, '98f987c3e9fc057a70873715b679b89a663d0df806859b6ce73f8379b06a10ff'],
      [6144, '372f988af412041b680ab236feef45626380062beb7514bbf93607aedd28fc9a'],
      [6145, '6dc4b78efd770453417b2ffdc74b27054793efe6122ecd7ee098670ed7c4651c'],
      [7168, '43686312c0cabccf9d5ad509efa096e3d743c63c7a51f122473c57949e4dd9a0'],
      [7169, 'ad729297ab36cd099665b27c4247474a5518e4cd0be443f5f31d95edda08429b'],
      [8192, 'fcfdde6fe59178e17708c5ba647919c3b141a44c9d1970782e597e1465266932'],
      [8193, '113c6e3a2452f388b6fad13dfab66ee0bff597a0a9a517ad8d0165f7190b603e'],
      [16384, 'a7a10149a8cb00be537000560edb83b196306b780b72fad8af218f369f75fc19'],
      [31744, '2cdf7662636c173d4b236f6ea03bf84c65e7f6487b53b2a61c420e26cf8a98c7'],
      [102400, '0668d69e5331840d2f1823d717b7b3f5d1fdc8a09504cddb692b87ff83d50e5f'],
    ],
  },
  // BLAKE3's test_vectors.json.
  blake3: {
    period: 251,
    vectors: [
      [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
      [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
      [2, '7b7015bb92cf0b318037702a6cdd81dee41224f734684c2c122cd6359cb1ee63'],
      [63, 'e9bc37a594daad83be9470df7f7b3798297c3d834ce80ba85d6e207627b7db7b'],
      [64, '4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98'],
      [65, 'de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee'],
      [127, 'd81293fda863f008c09e92fc382a81f5a0b4a1251cba1634016a0f86a6bd640d'],
      [1023, '10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11'],
      [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
      [1025, 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
      [2048, 'e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a'],
      [2049, '5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030'],
      [3073, '7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3'],
      [4097, '9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995'],
      [8193, 'bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b'],
      [16384, 'f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4'],
      [31744, '62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47'],
      [102400, 'bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085'],
    ],
  },
  // BuildXL's VsoHashTests.
  vso: {
    period: 256,
    vectors: [
      [0, '1e57cf2792a900d06c1cdfb3c453f35bc86f72788aa9724c96c929d1cc6b456a00'],
      [1, '3da32150b5e69b54e7ad1765d9573bc5e6e05d3b6529556c1b4a436a76a511f400'],
      [65_535, '4ae1ad6462d75d117a5dafcf98167981371a4b21e1cee49d0b982de2ce01032300'],
      [65_536, '85840e1cb7cbfd78b464921c54c96f68c19066f20860efa8cce671b40ba5162300'],
      [65_537, 'd92a37c547f9d5b6b7b791a24f587da8189cca14ebc8511d2482e7448763e2bd00'],
      [2_097_151, '1c3c73f7e829e84a5ba05631195105fb49e033fa23bda6d379b3e46b5d73ef3700'],
      [2_097_152, '6dae3ed3e623aed293297c289c3d20a53083529138b7631e99920ef0d93af3cd00'],
      [2_097_153, '1f9f3c008ea37ecb65bc5fb14a420cebb3ca72a9601ec056709a6b431f91807100'],
      [4_194_303, 'df0e0db15e866592dbfa9bca74e6d547d67789f7eb088839fc1a5cefa862353700'],
      [4_194_304, '5e3a80b2acb2284cd21a08979c49cbb80874e1377940699b07a8abee9175113200'],
      [4_194_305, 'b9a44a420593fa18453b3be7b63922df43c93ff52d88f2cab26fe1fadba7003100'],
    ],
  },
};

describe.each(Object.entries(published) as [DigestFunctionName, { period: number; vectors: Vectors }][])(
  '%s, as published,',
  (name, { period, vectors }) => {
    test.each(vectors)('of %d bytes is %s', (length, hex) => {
      const bytes = counting(length, period);
      expect(digestFunctions[name].hashOf(bytes)).toBe(hex);
      expect(inPieces(name, bytes, 999)).toBe(hex);
      expect(inPieces(name, bytes, 1_000_003)).toBe(hex);
    });
  },
);

describe.each<[DigestFunctionName, hexOfAbc: string]>([
  ['sha256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['sha1', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['md5', '900150983cd24fb0d6963f7d28e17f72'],
  ['sha384', 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7'],
  [
    'sha512',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ],
  // `printf abc | git hash-object --stdin`
  ['gitsha1', 'f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f'],
])('%s', (name, hexOfAbc) => {
  test('of "abc" is what is published', () => {
    expect(digestFunctions[name].hashOf(Buffer.from('abc'))).toBe(hexOfAbc);
    expect(inPieces(name, Buffer.from('abc'), 2)).toBe(hexOfAbc);
  });
});

describe.each(digestFunctionNames)('%s', (name) => {
  const digestFunction = digestFunctions[name];

  test('knows its name, its length and its empty blob', () => {
    expect(digestFunction.name).toBe(name);
    expect(digestFunction.emptyHex).toMatch(new RegExp(`^[0-9a-f]{${digestFunction.hexLength}}$`));
    expect(digestFunction.hashOf(new Uint8Array())).toBe(digestFunction.emptyHex);
    expect(inPieces(name, new Uint8Array(), 1)).toBe(digestFunction.emptyHex);
    expect(whyUnavailable(name)).toBe(undefined);
  });

  test('hashes in pieces as it hashes whole, whatever the pieces', () => {
    const sizes = fc.oneof(fc.nat({ max: 3000 }), fc.constantFrom(0, 1024, 2048, 65_536));
    fc.assert(
      fc.property(fc.array(sizes, { maxLength: 12 }), (sizes) => {
        const whole = counting(
          sizes.reduce((sum, size) => sum + size, 0),
          251,
        );
        const hasher = digestFunction.newHasher(whole.byteLength);
        let at = 0;
        for (const size of sizes) {
          hasher.update(whole.subarray(at, at + size));
          at += size;
        }
        expect(hasher.hex()).toBe(digestFunction.hashOf(whole));
      }),
      { numRuns: 50 },
    );
  });

  test('goes by its own number', () => {
    const numbers = digestFunctionNames.map((each) => digestFunctions[each].number);
    expect(numbers.filter((number) => number === digestFunction.number)).toHaveLength(1);
  });
});

/** What the definitions say, word for word, with no thought of speed: a judge of what is quick. */
const slow: Readonly<Partial<Record<DigestFunctionName, (bytes: Buffer) => string>>> = {
  sha256tree: (bytes) => treeHash(bytes).toString('hex'),
  vso: (bytes) => {
    const blocks = partsOf(bytes, 2 ** 21).map((block) =>
      sha256(...partsOf(block, 2 ** 16).map((page) => sha256(page))),
    );
    if (blocks.length === 0) blocks.push(sha256());
    const id = blocks.reduce(
      (id, block, i) => sha256(id, block, Buffer.of(i === blocks.length - 1 ? 1 : 0)),
      Buffer.from('VSO Content Identifier Seed'),
    );
    return `${id.toString('hex')}00`;
  },
  gitsha1: (bytes) => createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex'),
};

describe.each(Object.entries(slow) as [DigestFunctionName, (bytes: Buffer) => string][])('%s', (name, reference) => {
  test('is what its definition says', () => {
    const sizes = fc.oneof(fc.nat({ max: 5000 }), fc.nat({ max: 100_000 }), fc.constantFrom(2 ** 21 - 1, 2 ** 21 + 1));
    fc.assert(
      fc.property(sizes, fc.uint8Array({ minLength: 1, maxLength: 40 }), (size, seed) => {
        const bytes = Buffer.alloc(size, seed);
        expect(digestFunctions[name].hashOf(bytes)).toBe(reference(bytes));
      }),
      { numRuns: 30 },
    );
  });
});

function partsOf(bytes: Buffer, partBytes: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.byteLength / partBytes) }, (_, i) =>
    bytes.subarray(i * partBytes, (i + 1) * partBytes),
  );
}

function sha256(...parts: Buffer[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

/** SHA256TREE, by recursion, and FIPS 180-4 in its own letters. */
function treeHash(bytes: Buffer): Buffer {
  if (bytes.byteLength <= 1024) return sha256(bytes);
  let left = 1024;
  while (left < bytes.byteLength - left) left *= 2;
  return blockCipher(Buffer.concat([treeHash(bytes.subarray(0, left)), treeHash(bytes.subarray(left))]));
}

const primes = Array.from({ length: 310 }, (_, i) => i + 2).filter((n) =>
  Array.from({ length: n - 2 }, (_, i) => i + 2).every((d) => n % d !== 0),
);
const k = primes.map((p) => Math.floor((Math.cbrt(p) % 1) * 2 ** 32));

function blockCipher(message: Buffer): Buffer {
  const rotr = (x: number, n: number): number => ((x >>> n) | (x << (32 - n))) >>> 0;
  const add = (...terms: number[]): number => terms.reduce((sum, term) => (sum + term) >>> 0, 0);
  const w = Array.from({ length: 16 }, (_, i) => message.readUInt32BE(i * 4));
  for (let t = 16; t < 64; t++) {
    const [two, seven, fifteen, sixteen] = [w[t - 2], w[t - 7], w[t - 15], w[t - 16]] as [
      number,
      number,
      number,
      number,
    ];
    const sigma1 = (rotr(two, 17) ^ rotr(two, 19) ^ (two >>> 10)) >>> 0;
    const sigma0 = (rotr(fifteen, 7) ^ rotr(fifteen, 18) ^ (fifteen >>> 3)) >>> 0;
    w.push(add(sigma1, seven, sigma0, sixteen));
  }
  // Written out in the API.
  let state = [0xcbbb9d5d, 0x629a292a, 0x9159015a, 0x152fecd8, 0x67332667, 0x8eb44a87, 0xdb0c2e0d, 0x47b5481d];
  for (let t = 0; t < 64; t++) {
    const [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
    const sum1 = (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) >>> 0;
    const sum0 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) >>> 0;
    const t1 = add(h, sum1, ((e & f) ^ (~e & g)) >>> 0, k[t] as number, w[t] as number);
    const t2 = add(sum0, ((a & b) ^ (a & c) ^ (b & c)) >>> 0);
    state = [add(t1, t2), a, b, c, add(d, t1), e, f, g];
  }
  const result = Buffer.alloc(32);
  for (const [i, word] of state.entries()) result.writeUInt32BE(word, i * 4);
  return result;
}
