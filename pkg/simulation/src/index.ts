export { SeededRandom } from './seeded-random.ts';
export { SimulatedClock } from './simulated-clock.ts';
export { type DiskFaults, kindDisk, SimulatedDisk } from './simulated-disk.ts';
export { kindNetwork, type NetworkFaults, SimulatedNetwork } from './simulated-network.ts';
