export { Digest } from './digest.ts';
export { type DigestFunction, type DigestFunctionName, digestFunctions, type Hasher } from './digest-function.ts';
