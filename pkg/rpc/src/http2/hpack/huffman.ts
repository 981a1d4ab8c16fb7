/**
 * The length in bits of each symbol's code, a digit of base 36 each, from symbol 0 to 256, which ends a string (RFC
 * 7541, appendix B). The code is canonical: codes of a length are consecutive in the order of symbols, and those of the
 * next length go on from there. So the lengths are all there is to know.
 */
const lengths =
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad677777777777777777777' +
  '77878djde6f56565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmo' +
  'lmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrqu';

const endOfString = 256;

/** No code is shorter than this. */
const codeBitsMin = 5;

/** Less than any code has: one symbol at most ends in a step. */
const stepBits = 4;
const stepsPerState = 1 << stepBits;

/** What is left of the last byte, at most: ones, the beginning of the code that ends a string. */
const paddingBitsMax = 7;

/**
 * The code as a machine that eats four bits at a time. A state is an inner node of the code's tree, that is what has
 * been read of a symbol so far; `next` and `symbol` are by state and bits, `symbol` being -1 where none has ended.
 */
interface Machine {
  readonly next: Int16Array;
  readonly symbol: Int16Array;
  /** By state: whether a string may end in it. */
  readonly mayEnd: Uint8Array;
}

const machine = machineOf(treeOf(lengths));

/** A string of HPACK's Huffman code in Latin-1; undefined if it isn't one. */
export function huffmanDecoded(bytes: Uint8Array, start: number, end: number): string | undefined {
  const { next, symbol, mayEnd } = machine;
  const decoded = Buffer.allocUnsafe(Math.ceil(((end - start) * 8) / codeBitsMin));
  let length = 0;
  let state = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    for (let half = 0; half < 2; half++) {
      const step = state * stepsPerState + (half === 0 ? byte >> stepBits : byte & (stepsPerState - 1));
      const found = symbol[step] as number;
      if (found === endOfString) return undefined;
      if (found >= 0) decoded[length++] = found;
      state = next[step] as number;
    }
  }
  return mayEnd[state] === 1 ? decoded.toString('latin1', 0, length) : undefined;
}

/** Inner nodes from 0, the root; `~symbol` for a leaf. */
type Tree = [zero: number, one: number][];

function treeOf(lengths: string): Tree {
  const bits = Array.from(lengths, (digit) => Number.parseInt(digit, 36));
  const symbols = bits.map((_, symbol) => symbol).sort((a, b) => (bits[a] ?? 0) - (bits[b] ?? 0) || a - b);
  const tree: Tree = [[0, 0]];
  let code = 0;
  let length = 0;
  for (const symbol of symbols) {
    const symbolBits = bits[symbol] ?? 0;
    code *= 2 ** (symbolBits - length);
    length = symbolBits;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const branch = (code >> bit) & 1;
      const children = tree[node] as Tree[number];
      if (children[branch] === 0) children[branch] = tree.push([0, 0]) - 1;
      node = children[branch] as number;
    }
    (tree[node] as Tree[number])[code & 1] = ~symbol;
    code++;
  }
  return tree;
}

function machineOf(tree: Tree): Machine {
  const next = new Int16Array(tree.length * stepsPerState);
  const symbol = new Int16Array(tree.length * stepsPerState).fill(-1);
  const mayEnd = new Uint8Array(tree.length);
  for (let state = 0; state < tree.length; state++) {
    for (let bits = 0; bits < stepsPerState; bits++) {
      let node = state;
      for (let bit = stepBits - 1; bit >= 0; bit--) {
        node = (tree[node] as Tree[number])[(bits >> bit) & 1] as number;
        if (node >= 0) continue;
        symbol[state * stepsPerState + bits] = ~node;
        node = 0;
      }
      next[state * stepsPerState + bits] = node;
    }
  }
  let node = 0;
  for (let ones = 0; ones <= paddingBitsMax; ones++) {
    mayEnd[node] = 1;
    node = (tree[node] as Tree[number])[1];
  }
  return { next, symbol, mayEnd };
}
