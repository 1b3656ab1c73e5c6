import type { OperationResult } from '@urql/core';

/** The data of a result. Throws its CombinedError. */
export function answered<T>({ data, error }: Pick<OperationResult<T>, 'data' | 'error'>): T {
  if (error !== undefined) throw error;
  if (data === undefined) throw new Error('There is neither an answer nor an error.');
  return data;
}
