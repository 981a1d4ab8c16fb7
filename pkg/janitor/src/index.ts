export { Janitor, type JanitorInit, type JanitorObserver } from './janitor.ts';
export { Pins, type PinsInit } from './pins.ts';
export { defaultMinFree } from './plan.ts';
export { agingOf, type Policy, worthClasses, worthOf } from './worth.ts';
