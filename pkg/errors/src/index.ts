export { type Code, codeNames, codeNumber } from './code.ts';
export { Failure, isTransient } from './failure.ts';
