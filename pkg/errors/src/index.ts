export { type Code, codeNames, codeNumber } from './code.ts';
export { type Detail, Failure, isTransient } from './failure.ts';
