"""Running a program in a copy of the workspace: what rules tell run.mjs."""

# Of every rule that does.
STAGED_ATTRS = {
    "_node": attr.label(
        default = "@npm//:node",
        allow_single_file = True,
    ),
    # Stands for all npm packages, which are no files of Bazel's.
    "_npm": attr.label(
        default = "@npm//:npm.stamp",
        allow_single_file = True,
    ),
    "_run": attr.label(
        default = "@aspect_rules_js//js:run.mjs",
        allow_single_file = True,
    ),
}

def write_manifest(ctx, path_of, files, links, entry_point, **kwargs):
    """Writes what run.mjs reads.

    Args:
      ctx: of the rule.
      path_of: where run.mjs finds a File.
      files: dictionary of path in the copy to File.
      links: those of JsInfo.
      entry_point: what Node runs: path in the copy.
      **kwargs: see run.mjs.
    Returns:
      The manifest.
    """
    manifest = ctx.actions.declare_file(ctx.label.name + "_/manifest.json")
    ctx.actions.write(manifest, json.encode(dict(
        {
            "entry_point": entry_point,
            "files": [[path_of(file), path] for path, file in files.items()],
            "links": [[link.at, link.to, link.is_npm] for link in links],
            "npm": path_of(ctx.file._npm),
        },
        **kwargs
    )))
    return manifest

def run_staged(ctx, mnemonic, message, files, links, entry_point, args, outs, env = {}):
    """An action that runs a program in a copy of the workspace and takes files from there.

    Args:
      ctx: of the rule.
      mnemonic: of the action.
      message: to show while it runs.
      files: dictionary of path in the copy to File.
      links: those of JsInfo.
      entry_point: what Node runs: path in the copy.
      args: its arguments. {stage} is the copy, which is also where it runs.
      outs: dictionary of path in the copy to File.
      env: environment variables, {stage} as in args.
    """
    manifest = write_manifest(
        ctx,
        _exec_path,
        files,
        links,
        entry_point,
        args = args,
        env = env,
        outs = [[path, file.path] for path, file in outs.items()],
    )
    ctx.actions.run(
        executable = ctx.file._node,
        arguments = [ctx.file._run.path, ".", manifest.path],
        inputs = files.values() + [manifest, ctx.file._npm, ctx.file._run],
        outputs = outs.values(),
        # Elsewhere there are no npm packages.
        execution_requirements = {"no-remote-exec": "1"},
        mnemonic = mnemonic,
        progress_message = message,
        use_default_shell_env = True,
    )

def _exec_path(file):
    return file.path
