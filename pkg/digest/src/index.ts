export { Digest } from './digest.ts';
export {
  type DigestFunction,
  type DigestFunctionName,
  digestFunctionNames,
  digestFunctions,
  type Hasher,
  whyUnavailable,
} from './digest-function.ts';
