export type { Config, LogFormat, LogLevel } from './config.ts';
export { type Effective, effective, printEffective } from './effective.ts';
export type { Environment } from './from-environment.ts';
export { searchPlaces } from './from-file.ts';
export { type CommandLine, fromFlags } from './from-flags.ts';
export { type Loaded, loadConfig, type Sources } from './load-config.ts';
export { ConfigProblems, type Problem, printProblem } from './problem.ts';
export { type Key, keys } from './schema.ts';
export type { Said, Setting } from './settings.ts';
