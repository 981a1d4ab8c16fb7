export { Digest } from './digest.ts';
export {
  type DigestFunction,
  type DigestFunctionName,
  digestFunctionNames,
  digestFunctions,
  whyUnavailable,
} from './digest-function.ts';
export type { Hasher } from './hasher.ts';
export { hexDigitOf } from './hex-digits.ts';
