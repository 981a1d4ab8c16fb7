export { assemble, type Running, type Surroundings } from './assemble.ts';
