/** The official event-stream client, `graphql-sse`: a connection for each operation. */
import { createClient } from 'graphql-sse';
import { TWO_QUERIES, type Operation, type Result } from './operations.ts';
import { only, withRefusals, type Way } from './ways.ts';

export const graphqlSse: Way[] = [
  {
    transport: 'SSE',
    asks: true,
    follows: true,
    chooses: { query: TWO_QUERIES, operationName: 'Second' },
    open(url, { headers, retry }) {
      const client = createClient({ url, headers, retryAttempts: retry ? 20 : 0, retry: async () => {} });
      const follow = (operation: Operation) => withRefusals(client.iterate(operation) as AsyncIterableIterator<Result>);
      return { follow, ask: (operation) => only(follow(operation)), close: () => client.dispose() };
    },
  },
];
