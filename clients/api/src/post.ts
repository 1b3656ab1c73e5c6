import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type GraphQLFormattedError, print } from 'graphql';

/** The server refused the operation. */
export class OperationRefused extends Error {
  override name = 'OperationRefused';

  constructor(readonly errors: readonly GraphQLFormattedError[]) {
    super(errors.map((error) => error.message).join(' '));
  }
}

/** One operation by a bare POST, past every cache and link. Throws OperationRefused, and what `fetch` throws. */
export async function post<Data, Variables>(
  url: string,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  send: typeof fetch,
  credentials: Record<string, string> = {},
): Promise<Data> {
  const response = await send(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...credentials },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const answer = (await response.json()) as { data?: Data; errors?: GraphQLFormattedError[] };
  if (answer.errors !== undefined || answer.data === undefined) throw new OperationRefused(answer.errors ?? []);
  return answer.data;
}
