// Jest's transformer: what Node itself does to a .ts file. Types become spaces, so positions stay true.
import { stripTypeScriptTypes } from 'node:module';

export default {
  process: (source) => ({ code: stripTypeScriptTypes(source) }),
  canInstrument: false,
};
