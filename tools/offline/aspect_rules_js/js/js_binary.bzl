"""js_binary and js_test."""

load(":js_info.bzl", "JsInfo")
load(":staged.bzl", "STAGED_ATTRS", "write_manifest")

LAUNCHER_ATTRS = dict(
    STAGED_ATTRS,
    data = attr.label_list(allow_files = True),
    env = attr.string_dict(),
    node_options = attr.string_list(),
    _launcher = attr.label(
        default = "//js:launcher.sh.tpl",
        allow_single_file = True,
    ),
)

def launcher(ctx, entry_point, files = [], targets = [], args = []):
    """The providers of a program that runs in a copy of the workspace.

    Args:
      ctx: of the rule.
      entry_point: path in the copy.
      files: of the program, besides `data`.
      targets: what it needs, besides `data`.
      args: its first arguments. {stage} is the copy.
    Returns:
      The providers.
    """
    targets = ctx.attr.data + targets
    infos = [target[JsInfo] for target in targets if JsInfo in target]
    plain = [target[DefaultInfo].files for target in targets if JsInfo not in target]
    staged = depset(files, transitive = plain + [info.sources for info in infos]).to_list()

    manifest = write_manifest(
        ctx,
        _runfiles_path,
        # What is of other workspaces stays where programs find it by $(rootpath).
        {file.short_path: file for file in staged if not file.short_path.startswith("../")},
        depset(transitive = [info.links for info in infos]).to_list(),
        entry_point,
        args = args,
        env = {name: ctx.expand_location(value, ctx.attr.data) for name, value in ctx.attr.env.items()},
        node_options = ctx.attr.node_options,
    )
    executable = ctx.actions.declare_file("{name}_/{name}".format(name = ctx.label.name))
    ctx.actions.expand_template(
        template = ctx.file._launcher,
        output = executable,
        is_executable = True,
        substitutions = {
            "%MANIFEST%": manifest.short_path,
            "%NODE%": ctx.file._node.short_path,
            "%RUN%": ctx.file._run.short_path,
            "%WORKSPACE%": ctx.workspace_name,
        },
    )
    runfiles = ctx.runfiles([manifest, ctx.file._node, ctx.file._npm, ctx.file._run] + staged)
    for target in targets:
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    return [
        DefaultInfo(executable = executable, runfiles = runfiles),
        # Elsewhere there are no npm packages.
        testing.ExecutionInfo({"no-remote-exec": "1"}),
    ]

def _runfiles_path(file):
    return file.short_path

def _js_binary_impl(ctx):
    return launcher(ctx, ctx.file.entry_point.short_path, files = [ctx.file.entry_point])

_ATTRS = dict(
    LAUNCHER_ATTRS,
    entry_point = attr.label(
        allow_single_file = True,
        mandatory = True,
    ),
)

js_binary = rule(
    _js_binary_impl,
    attrs = _ATTRS,
    executable = True,
)

js_test = rule(
    _js_binary_impl,
    attrs = _ATTRS,
    test = True,
)
