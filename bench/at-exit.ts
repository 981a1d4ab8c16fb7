const cleanUps = new Set<() => void>();

process.once('exit', () => {
  for (const cleanUp of [...cleanUps].reverse()) cleanUp();
});
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(status));
}

/** Does `cleanUp` when this process ends, however it does, unless the returned function is called before. */
export function atExit(cleanUp: () => void): () => void {
  cleanUps.add(cleanUp);
  return () => void cleanUps.delete(cleanUp);
}
