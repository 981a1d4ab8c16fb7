"""TypeScript stubs from a proto_library."""

load("@protobuf//bazel/common:proto_info.bzl", "ProtoInfo")

def _ts_proto_sources_impl(ctx):
    sets = ctx.attr.proto[ProtoInfo].transitive_descriptor_sets

    # A js_binary runs in the root of the output tree, three levels below where Bazel runs actions.
    args = ctx.actions.args()
    args.add_all(sets, before_each = "--descriptor_set", format_each = "../../../%s")
    args.add_all(ctx.attr.protos, before_each = "--file")
    args.add("--out", ctx.label.package + "/gen")
    names = [proto[:-len(".proto")] for proto in ctx.attr.protos] + ["descriptor-set"]
    outs = [ctx.actions.declare_file("gen/{}.ts".format(name)) for name in names]
    ctx.actions.run(
        executable = ctx.attr._protogen[DefaultInfo].files_to_run,
        arguments = [args],
        # Bazel 4 would drop this if use_default_shell_env were set.
        env = dict(ctx.configuration.default_shell_env, BAZEL_BINDIR = ctx.bin_dir.path),
        # In Bazel 4 the npm packages are outside of what Bazel knows.
        execution_requirements = {"no-remote-exec": "1"},
        inputs = sets,
        mnemonic = "TsProto",
        outputs = outs,
        progress_message = "Generating TypeScript from %s" % ctx.attr.proto.label,
    )
    return [DefaultInfo(files = depset(outs))]

ts_proto_sources = rule(
    _ts_proto_sources_impl,
    attrs = {
        "proto": attr.label(
            doc = "The proto_library.",
            mandatory = True,
            providers = [ProtoInfo],
        ),
        "protos": attr.string_list(
            doc = "Which of its .proto files, and of those it depends on, get a .ts file. As they are imported.",
            mandatory = True,
        ),
        "_protogen": attr.label(
            cfg = "exec",
            default = "//tools/proto:protogen",
            executable = True,
        ),
    },
    doc = "gen/a/b.ts for each a/b.proto, and gen/descriptor-set.ts.",
)
