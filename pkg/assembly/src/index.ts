export { assemble, type Running, type Surroundings } from './assemble.ts';
export type { Said, StoreCommand } from './store-commands.ts';
export { commandStore } from './store-control.ts';
