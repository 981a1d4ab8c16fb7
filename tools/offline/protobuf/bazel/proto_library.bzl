"""proto_library: one run of buf."""

load("@aspect_rules_js//js:js_info.bzl", "JsInfo")
load("@aspect_rules_js//js:staged.bzl", "STAGED_ATTRS", "run_staged")
load("//bazel/common:proto_info.bzl", "ProtoInfo")

def _proto_library_impl(ctx):
    infos = [dep[ProtoInfo] for dep in ctx.attr.deps]
    imports = {}
    for info in infos:
        imports.update(info.imports)
    own = {_import_path(file, ctx.attr.strip_import_prefix): file for file in ctx.files.srcs}
    imports.update(own)

    sets = []
    if own:
        sets = [ctx.actions.declare_file(ctx.label.name + "-descriptor-set.proto.bin")]
        run_staged(
            ctx,
            mnemonic = "GenProtoDescriptorSet",
            message = "Compiling %s" % ctx.label,
            files = {"proto/" + path: file for path, file in imports.items()},
            links = ctx.attr._buf[JsInfo].links.to_list(),
            entry_point = "node_modules/@bufbuild/buf/bin/buf",
            args = ["build", "proto", "--as-file-descriptor-set", "--output", "out.binpb"] +
                   [arg for path in own for arg in ["--path", "proto/" + path]],
            outs = {"out.binpb": sets[0]},
            env = {
                "BUF_CACHE_DIR": "{stage}",
                "HOME": "{stage}",
            },
        )
    return [
        DefaultInfo(files = depset(sets)),
        ProtoInfo(
            imports = imports,
            transitive_descriptor_sets = depset(
                sets,
                transitive = [info.transitive_descriptor_sets for info in infos],
            ),
        ),
    ]

def _import_path(file, strip_import_prefix):
    path = file.short_path
    if path.startswith("../"):
        path = path.split("/", 2)[2]
    prefix = strip_import_prefix.strip("/")
    return path[len(prefix) + 1:] if prefix else path

proto_library = rule(
    _proto_library_impl,
    attrs = dict(
        STAGED_ATTRS,
        deps = attr.label_list(providers = [ProtoInfo]),
        srcs = attr.label_list(allow_files = [".proto"]),
        strip_import_prefix = attr.string(),
        _buf = attr.label(default = "@//:node_modules/@bufbuild/buf"),
    ),
)
