"""jest_test, as far as goREgo uses it."""

load("@aspect_rules_js//js:js_binary.bzl", "LAUNCHER_ATTRS", "launcher")
load("@aspect_rules_js//js:js_info.bzl", "JsInfo")

def _jest_test_impl(ctx):
    user_config = ctx.attr.config[JsInfo].sources.to_list()[0]
    config = ctx.actions.declare_file(ctx.label.name + "_jest.config.mjs")
    ctx.actions.expand_template(
        template = ctx.file._template,
        output = config,
        substitutions = {
            "%CONFIG%": "/".join([".."] * (ctx.label.package.count("/") + 1) + [user_config.short_path]),
        },
    )
    return launcher(
        ctx,
        "node_modules/jest-cli/bin/jest.js",
        files = [config],
        targets = [ctx.attr.config, ctx.attr.jest_cli, ctx.attr.jest_junit],
        args = ["--config", "{stage}/" + config.short_path, "--ci", "--no-cache", "--runInBand"],
    )

_jest_test = rule(
    _jest_test_impl,
    attrs = dict(
        LAUNCHER_ATTRS,
        config = attr.label(providers = [JsInfo]),
        jest_cli = attr.label(),
        jest_junit = attr.label(),
        _template = attr.label(
            default = "//jest:jest.config.mjs.tpl",
            allow_single_file = True,
        ),
    ),
    test = True,
)

def jest_test(node_modules, **kwargs):
    _jest_test(
        jest_cli = node_modules + "/jest-cli",
        jest_junit = node_modules + "/jest-junit",
        **kwargs
    )
