export { assemble, type Running } from './assemble.ts';
export type { Said, StoreCommand } from './store-commands.ts';
export { commandStore } from './store-control.ts';
export type { Surroundings } from './surroundings.ts';
