import { Failure } from '@gorego/errors';
import { BadRequest } from '@gorego/proto/google/rpc/error_details';

const namesMax = 8;
const nameCharactersMax = 100;

/** `invalid_argument` for qualifiers that nothing is fetched by, each named as the Remote Asset API wants it. */
export function checkSupported(unsupported: readonly string[]): void {
  if (unsupported.length === 0) return;
  const names = unsupported.slice(0, namesMax).map((name) => JSON.stringify(name.slice(0, nameCharactersMax)));
  const fieldViolations = names.map((name) => ({ field: 'qualifiers.name', description: `${name} not supported` }));
  const value = BadRequest.encode(BadRequest.fromPartial({ fieldViolations })).finish();
  throw new Failure('invalid_argument', `nothing is fetched by ${names.join(', ')}: not supported`, {
    details: [{ typeUrl: 'type.googleapis.com/google.rpc.BadRequest', value }],
  });
}
