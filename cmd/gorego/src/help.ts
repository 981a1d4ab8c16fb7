import { keys } from '@gorego/config';

/** What `gorego --help` says. Every key is a flag. */
export function helpText(): string {
  const flags = keys.map(({ name, field }) => {
    const fallback = field.show(field.default);
    return `  --${name.padEnd(32)} ${field.doc}${fallback === '' ? '' : ` (${fallback})`}`;
  });
  return `gorego: a remote build cache for Bazel and other clients of the Remote Execution API

usage:
  gorego [flags]                     serve
  gorego config [flags]              print the configuration that would be served, and where each value comes from
  gorego check-config FILE           check a configuration file; exit 2 if anything in it is wrong
  gorego health [HOST:PORT] [flags]  ask a running gorego whether it serves; exit 0 if it does, 1 if not
  gorego du [flags]                  what the local store holds, by instance, digest function and age
  gorego verify [--repair] [flags]   hash everything in it; exit 1 if anything is wrong; set aside what is
  gorego gc [--to SIZE] [flags]      remove what was used longest ago

flags:
  --config FILE                      read this file (default: gorego.yaml or .config/gorego.yaml, if there is one)
  --help, --version
${flags.join('\n')}

Each of these is also a key in the file and an environment variable: local_store.dir is GOREGO_LOCAL_STORE_DIR.
`;
}
