"""Links in node_modules."""

load("//js:js_info.bzl", "js_info")

def _npm_link_impl(ctx):
    at = ctx.label.name if not ctx.label.package else ctx.label.package + "/" + ctx.label.name
    target = ctx.attr.target
    link = struct(
        at = at,
        is_npm = not target,
        to = target.label.package if target else at,
    )
    return [js_info([target] if target else [], links = [link])]

_npm_link = rule(
    _npm_link_impl,
    attrs = {"target": attr.label(doc = "The package, if it is of this workspace.")},
)

def npm_link_packages(name, importers):
    """Declares `:node_modules/<package>` for each dependency of the package that calls it.

    Args:
      name: node_modules.
      importers: {package: {dependency: where it is in this workspace, None if it is of npm}}
    """
    package = native.package_name()
    if package not in importers:
        fail("pnpm-lock.yaml knows no package {}: is it up to date?".format(package))
    for dependency, folder in importers[package].items():
        _npm_link(
            name = "{}/{}".format(name, dependency),
            target = "@//{}:pkg".format(folder) if folder else None,
            visibility = ["//visibility:public"],
        )
