"""js_library."""

load(":js_info.bzl", "JsInfo", "js_info")

def _js_library_impl(ctx):
    plain = [file for target in ctx.attr.srcs if JsInfo not in target for file in target[DefaultInfo].files.to_list()]
    return [
        DefaultInfo(files = depset(ctx.files.srcs)),
        js_info(
            ctx.attr.srcs,
            sources = [file for file in plain if not file.path.endswith(".d.ts")],
            types = [file for file in plain if file.path.endswith((".d.ts", ".json"))],
        ),
    ]

js_library = rule(
    _js_library_impl,
    attrs = {"srcs": attr.label_list(allow_files = True)},
)
