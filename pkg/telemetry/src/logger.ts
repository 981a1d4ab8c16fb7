/** Where a component says what happened. `fields` are for machines; the message alone must make sense to a person. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Says nothing: for tests, and for libraries nobody gave a logger. */
export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
