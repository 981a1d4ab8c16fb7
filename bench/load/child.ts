import { once } from 'node:events';

/** The child's side of a LoadProcess: prepares for the job it is sent, says so, and does it when told to. */
export async function childOf<Job, Result>(prepare: (job: Job) => Promise<() => Promise<Result>>): Promise<void> {
  process.on('disconnect', () => process.exit(1)); // Nobody is left to work for.
  const [job] = await once(process, 'message');
  const go = await prepare(job as Job);
  const told = once(process, 'message');
  process.send?.('ready');
  await told;
  process.send?.({ result: await go() }, () => process.exit(0));
}
