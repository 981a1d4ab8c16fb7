"""ts_project: one run of tsc, which writes beside the sources."""

load("@aspect_rules_js//js:js_info.bzl", "JsInfo", "js_info")
load("@aspect_rules_js//js:staged.bzl", "STAGED_ATTRS", "run_staged")

def _ts_project_impl(ctx):
    package = ctx.label.package
    sources = [_relative(ctx, file) for file in ctx.files.srcs]
    js = [ctx.actions.declare_file(out) for path in sources for out in [_js(path), _js(path) + ".map"]]
    types = [ctx.actions.declare_file(_stem(path) + ".d.ts") for path in sources]

    tsconfig = ctx.actions.declare_file("tsconfig_{}.json".format(ctx.label.name))
    ctx.actions.write(tsconfig, json.encode(dict(
        json.decode(ctx.attr.tsconfig),
        extends = "/".join([".."] * (package.count("/") + 1) + [ctx.file.extends.short_path]),
        files = ["./" + path for path in sources],
    )))

    used = js_info(ctx.attr.deps + [ctx.attr._typescript])
    run_staged(
        ctx,
        mnemonic = "TsProject",
        message = "Compiling TypeScript of %s" % ctx.label,
        files = {
            file.short_path: file
            for file in ctx.files.srcs + [tsconfig, ctx.file.extends] + used.types.to_list()
        },
        links = used.links.to_list(),
        entry_point = "node_modules/typescript/bin/tsc",
        args = ["--project", tsconfig.short_path, "--rootDir", package],
        outs = {file.short_path: file for file in js + types},
    )
    return [
        DefaultInfo(files = depset(js)),
        OutputGroupInfo(types = depset(types)),
        js_info(ctx.attr.deps, sources = js, types = types),
    ]

def _relative(ctx, file):
    return file.short_path[len(ctx.label.package) + 1:]

def _stem(path):
    return path[:-len(".ts")]

def _js(path):
    return _stem(path) + ".js"

_ts_project = rule(
    _ts_project_impl,
    attrs = dict(
        STAGED_ATTRS,
        deps = attr.label_list(providers = [JsInfo]),
        extends = attr.label(allow_single_file = True),
        js_outs = attr.output_list(doc = "To name them in BUILD files."),
        srcs = attr.label_list(allow_files = [".ts"]),
        tsconfig = attr.string(),
        _typescript = attr.label(default = "@//:node_modules/typescript"),
    ),
)

def ts_project(name, srcs, tsconfig, transpiler, **kwargs):
    if transpiler != "tsc":
        fail("only tsc is here")
    _ts_project(
        name = name,
        srcs = srcs,
        js_outs = [_js(path) for path in srcs if not path.startswith(":")],
        tsconfig = json.encode(tsconfig),
        **kwargs
    )
    native.filegroup(
        name = name + "_types",
        srcs = [name],
        output_group = "types",
        testonly = kwargs.get("testonly", False),
    )
