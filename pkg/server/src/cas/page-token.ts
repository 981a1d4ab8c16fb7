import { Digest } from '@gorego/digest';
import { Failure } from '@gorego/errors';

/** Where in which tree GetTree goes on: `<directories already sent>-<hash of the root>`. */
export const PageToken = {
  of(root: Digest, sent: number): string {
    return `${sent}-${Digest.hex(root)}`;
  },

  /** How many directories to leave out. `invalid_argument` for a token of another tree, or of nobody. */
  parse(token: string, root: Digest): number {
    if (token === '') return 0;
    const [, sent, hex] = /^([0-9]{1,7})-([0-9a-f]+)$/.exec(token) ?? [];
    if (sent === undefined || hex !== Digest.hex(root)) {
      throw new Failure('invalid_argument', `not a page token of this tree: ${JSON.stringify(token.slice(0, 200))}`);
    }
    return Number(sent);
  },
} as const;
