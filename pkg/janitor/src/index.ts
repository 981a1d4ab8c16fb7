export { Janitor, type JanitorInit, type JanitorObserver } from './janitor.ts';
export { defaultMinFree } from './plan.ts';
