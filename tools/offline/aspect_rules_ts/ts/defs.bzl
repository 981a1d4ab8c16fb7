"""ts_config and ts_project, as far as goREgo uses them."""

load(":ts_project.bzl", _ts_project = "ts_project")

ts_project = _ts_project

def ts_config(src, **kwargs):
    native.filegroup(srcs = [src], **kwargs)
