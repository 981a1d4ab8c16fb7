"""What a package of this workspace is."""

load("@aspect_rules_jest//jest:defs.bzl", "jest_test")
load("@aspect_rules_js//js:defs.bzl", "js_library")
load("@aspect_rules_ts//ts:defs.bzl", "ts_project")

# What any test may import.
_FOR_TESTS = [
    "//:node_modules/@jest/globals",
    "//:node_modules/fast-check",
]

def ts_package(
        name,
        srcs = [],
        deps = [],
        tests = None,
        test_data = [],
        test_deps = [],
        test_env = {},
        test_size = "medium"):
    """A package: its library, what packages that depend on it link (`:pkg`), and its tests.

    Everything in src/ but `*.test.ts` is the library, src/testing/ too. What is imported must be in `deps`, or, by tests
    alone, in `test_deps`.

    Args:
      name: of the library; the test is `<name>_test`.
      srcs: sources besides those in src/, such as generated ones.
      deps: what the library imports, as `:node_modules/<package>`.
      tests: the tests; all of src/ if left out.
      test_data: files and programs that tests use.
      test_deps: what tests import besides `deps`.
      test_env: environment variables of the tests. `$(rootpath :program)` is the path of a program in `test_data`,
          relative to the directory that tests start in.
      test_size: how long the tests may take together: small is a minute, medium five, large fifteen.
    """
    if tests == None:
        tests = native.glob(["src/**/*.test.ts"], allow_empty = True)
    deps = deps + ["//:node_modules/@types/node", ":package_json"]

    # Says that .js files are ES modules.
    js_library(
        name = "package_json",
        srcs = ["package.json"],
    )
    _compile(
        name = name,
        # Declarations stand beside sources while npm packs a package.
        srcs = srcs + native.glob(
            ["src/**/*.ts"],
            exclude = ["src/**/*.d.ts", "src/**/*.test.ts"],
            allow_empty = True,
        ),
        deps = deps,
    )
    js_library(
        name = "pkg",
        srcs = [
            ":package_json",
            ":" + name,
        ],
        visibility = ["//visibility:public"],
    )
    if tests:
        _compile(
            name = name + "_test_lib",
            srcs = tests,
            testonly = True,
            deps = deps + test_deps + _FOR_TESTS + [":" + name],
        )
        jest_test(
            name = name + "_test",
            size = test_size,
            config = "//tools:jest_config",
            data = [
                ":package_json",
                ":" + name + "_test_lib",
                # Jest wants one where it starts.
                "//:package_json",
            ] + test_data,
            env = test_env,
            node_modules = "//:node_modules",
            node_options = [
                "--experimental-vm-modules",
                "--disable-warning=ExperimentalWarning",
            ],
        )

def _compile(name, **kwargs):
    ts_project(
        name = name,
        extends = "//:tsconfig_base",
        transpiler = "tsc",
        tsconfig = {
            "compilerOptions": {
                "declaration": True,
                "resolveJsonModule": False,
                "sourceMap": True,
            },
        },
        **kwargs
    )
