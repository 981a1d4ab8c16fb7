import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * A workspace of genrules, C++ and a directory output that builds without any download. Bazel's own C++ toolchain loads
 * rules_cc and rules_java, which it would fetch: two of a few lines stand in for them.
 */
const files: Readonly<Record<string, string>> = {
  WORKSPACE: `
local_repository(name = "rules_cc", path = "rules_cc")
local_repository(name = "rules_java", path = "rules_java")
`,
  '.bazelignore': 'rules_cc\nrules_java\n',
  'rules_cc/WORKSPACE': '',
  'rules_cc/cc/BUILD': '',
  'rules_cc/cc/defs.bzl': natives(
    'cc_binary cc_import cc_library cc_proto_library cc_test cc_toolchain cc_toolchain_suite fdo_prefetch_hints fdo_profile objc_import objc_library',
  ),
  'rules_java/WORKSPACE': '',
  'rules_java/java/BUILD': '',
  'rules_java/java/defs.bzl': natives(
    'java_binary java_import java_library java_package_configuration java_plugin java_runtime java_test java_toolchain',
  ),
  'defs.bzl': `
def _directory(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(
        outputs = [out],
        command = "mkdir -p $1/deep/er $1/empty && for i in 1 2 3; do echo $i > $1/deep/f$i; done; chmod +x $1/deep/f2",
        arguments = [out.path],
    )
    return [DefaultInfo(files = depset([out]))]

directory = rule(_directory)
`,
  BUILD: `
load(":defs.bzl", "directory")

[genrule(
    name = "small%d" % i,
    outs = ["small%d.txt" % i],
    cmd = "echo %d > $@; echo said; echo warned >&2" % i,
) for i in range(20)]

genrule(
    name = "large",
    outs = ["large.bin"],
    cmd = "i=0; while [ $$i -lt 2000 ]; do printf '%05d%4091s' $$i x; i=$$((i+1)); done > $@",
)

genrule(name = "empty", outs = ["empty.txt"], cmd = "touch $@")

directory(name = "tree")

genrule(name = "listing", srcs = [":tree"], outs = ["listing.txt"], cmd = "ls -R $(SRCS) > $@")

cc_library(name = "lib", srcs = ["lib.cc"], hdrs = ["lib.h"])

cc_binary(name = "program", srcs = ["program.cc"], deps = [":lib"])
`,
  'slow/BUILD': `
[genrule(name = "s%d" % i, outs = ["s%d.txt" % i], cmd = "sleep 0.5; echo %d > $@" % i) for i in range(80)]
`,
  'lib.h': 'int answer();\n',
  'lib.cc': '#include "lib.h"\nint answer() { return 42; }\n',
  'program.cc': '#include "lib.h"\nint main() { return answer() == 42 ? 0 : 1; }\n',
};

export async function writeBazelWorkspace(path: string): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
}

function natives(rules: string): string {
  return rules
    .split(' ')
    .map((rule) => `${rule} = native.${rule}\n`)
    .join('');
}
