// Jest over the sources as they are: Node strips the types, ES modules stay ES modules.
const sources = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['gorego-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'mjs', 'js', 'cjs', 'json', 'node'],
  transform: { '\\.ts$': '<rootDir>/tools/jest/strip-types.mjs' },
};

export default {
  ...sources,
  roots: ['<rootDir>/bench', '<rootDir>/cmd', '<rootDir>/e2e', '<rootDir>/pkg', '<rootDir>/tools'],
  testMatch: ['**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/tools/offline', '<rootDir>/dist', '<rootDir>/bazel-'],
  // A test that hangs ends; one on a machine with too much to do passes.
  testTimeout: 120_000,
  coverageProvider: 'v8',
  collectCoverageFrom: ['cmd/*/src/**/*.ts', 'pkg/*/src/**/*.ts', '!**/*.test.ts', '!**/testing/**'],
};
