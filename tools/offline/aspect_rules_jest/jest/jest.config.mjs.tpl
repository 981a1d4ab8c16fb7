import config from '%CONFIG%';

const { TESTBRIDGE_TEST_ONLY, TEST_TMPDIR, XML_OUTPUT_FILE } = process.env;

export default {
  ...config,
  rootDir: import.meta.dirname,
  cacheDirectory: `${TEST_TMPDIR}/jest`,
  watchman: false,
  reporters: ['default', ['jest-junit', { outputFile: XML_OUTPUT_FILE }]],
  // What --test_filter says. It might match this file, too.
  ...(TESTBRIDGE_TEST_ONLY && { testRegex: TESTBRIDGE_TEST_ONLY }),
  testPathIgnorePatterns: ['jest\\.config\\.mjs$'],
};
