export { FaultyProxy, type LineFaults } from './faulty-proxy.ts';
