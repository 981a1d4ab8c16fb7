/** The repository. */
export const root: string;
/** Where `compile` puts what it makes. */
export const compiled: string;
export function compile(): void;
