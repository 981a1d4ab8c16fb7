"""js_binary, js_test and js_library, as far as goREgo uses them."""

load(":js_binary.bzl", _js_binary = "js_binary", _js_test = "js_test")
load(":js_library.bzl", _js_library = "js_library")

js_binary = _js_binary
js_library = _js_library
js_test = _js_test
