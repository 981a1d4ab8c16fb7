// Jest over what tsc has made of the sources: ES modules that need no transformer. For Bazel; see tools/defs.bzl.
export default {
  testEnvironment: 'node',
  transform: {},
  testTimeout: 120_000,
};
