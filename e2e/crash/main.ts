import { temporary } from '../gorego.ts';
import { type CrashRun, crashRun } from './crash-run.ts';

const defaultKills = 20;
const evictingBytes = 64 * 1024 * 1024;

/**
 * Kills gorego again and again: `main.ts [--kills N] [--seed S]`. Half of the kills with a store that holds everything,
 * half with one that is too small. The exit status is 1 when something acknowledged was lost or came back wrong.
 */
async function main(args: readonly string[]): Promise<number> {
  const option = (name: string, fallback: number): number => {
    const at = args.indexOf(name);
    return at < 0 ? fallback : Number(args[at + 1]);
  };
  const kills = option('--kills', defaultKills);
  const seed = option('--seed', Math.floor(Math.random() * 2 ** 32));
  console.log(`${kills} kills, --seed ${seed}`);
  const modes = [
    { name: 'everything is kept', kills: Math.ceil(kills / 2), maxBytes: undefined },
    { name: 'evicting and compacting', kills: Math.floor(kills / 2), maxBytes: evictingBytes },
  ];
  for (const { name, kills: share, maxBytes } of modes) {
    await using base = await temporary();
    try {
      console.log(`${name}:`);
      print(
        await crashRun({
          kills: share,
          seed,
          maxBytes,
          directory: base.path,
          tell: (what) => console.log(`  ${what}`),
        }),
      );
    } catch (reason) {
      console.error(reason);
      return 1;
    }
  }
  return 0;
}

function print(done: CrashRun): void {
  const starts = done.startsMs.toSorted((a, b) => a - b);
  const [middle = 0, longest = 0] = [starts[starts.length >> 1], starts.at(-1)].map((ms) => Math.round(ms ?? 0));
  console.log(`  ${done.kills} kills, ${done.killsDuringStart} of them during a start`);
  console.log(`  ${done.blobsAcknowledged} blobs acknowledged, ${done.blobsRead} read back right`);
  console.log(`  from exec to serving ${middle} ms, ${longest} ms at most`);
  console.log(`  ${Math.round(done.mostBytes / 1024 / 1024)} MiB on the disk at most`);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
