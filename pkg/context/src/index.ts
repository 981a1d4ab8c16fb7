export { type Caller, type Context, nobody, throwIfEnded, unlessEnded } from './context.ts';
export { background, detached, Scope, type ScopeInit, sleep, withTimeout } from './scope.ts';
export { Slots } from './slots.ts';
export { TaskGroup, type Tasks } from './tasks.ts';
