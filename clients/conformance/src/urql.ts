/** urql's core, as its bindings use it. */
import {
  Client,
  fetchExchange,
  gql,
  subscriptionExchange,
  type Exchange,
  type OperationResult,
  type OperationResultSource,
} from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { socketClient } from './graphql_ws.ts';
import { TWO_QUERIES, type Result } from './operations.ts';
import { iterate, type Connection, type Way } from './ways.ts';

const BY_NAME = { query: TWO_QUERIES.replace(/(query First .*) (query Second .*)/, '$2 $1') };

export const urql: Way[] = [
  {
    transport: 'HTTP',
    asks: true,
    follows: false,
    chooses: BY_NAME, // it names the first one
    open: (url, { headers }) => connection(client(url, headers, [fetchExchange])),
    askPersisted(url, { query }, sent) {
      const fetchAndTell: typeof fetch = (input, init) => (sent(told(input, init)), fetch(input, init));
      const exchanges = [persistedExchange({ preferGetForPersistedQueries: false }), fetchExchange];
      return connection(client(url, {}, exchanges, fetchAndTell)).ask({ query });
    },
  },
  {
    transport: 'websocket',
    asks: true,
    follows: true,
    chooses: BY_NAME,
    open(url, options) {
      const socket = socketClient(url, options);
      const exchange = subscriptionExchange({
        enableAllOperations: true,
        forwardSubscription: (operation) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe({ ...operation, query: operation.query ?? '' }, sink as never), // as urql's guide has it
          }),
        }),
      });
      return { ...connection(client(url, {}, [exchange])), close: () => socket.dispose() };
    },
  },
  {
    transport: 'SSE', // asked for first, so that it never gets to its multipart
    asks: false,
    follows: true,
    open: (url, { headers }) => connection(client(url, headers, [fetchExchange])),
  },
];

function client(url: string, headers: Record<string, string>, exchanges: Exchange[], ownFetch = fetch): Client {
  return new Client({
    url,
    exchanges,
    fetch: ownFetch,
    fetchOptions: { headers },
    fetchSubscriptions: true,
    preferGetMethod: false,
    requestPolicy: 'network-only',
  });
}

function connection(client: Client): Connection {
  return {
    async ask({ query, variables = {} }) {
      const isMutation = query.trimStart().startsWith('mutation');
      const document = gql(query);
      const answer = isMutation ? client.mutation(document, variables) : client.query(document, variables);
      return result(await answer.toPromise());
    },
    follow: ({ query, variables = {} }) =>
      iterate((sink) => {
        let isFirst = true;
        const source: OperationResultSource<OperationResult> = client.subscription(gql(query), variables);
        const { unsubscribe } = source.subscribe((answer) => {
          try {
            // The end is told by the last event once more.
            if (answer.hasNext || isFirst || answer.error) sink.next(result(answer));
            if (!answer.hasNext) sink.complete();
          } catch (error) {
            sink.error(error);
          }
          isFirst = false;
        });
        // Left while it hands an event over it throws where nobody can catch.
        return () => new Promise<void>((resolve) => setImmediate(() => (unsubscribe(), resolve())));
      }),
    close: () => {},
  };
}

/** Throws what went wrong with the network. */
function result({ data, error }: OperationResult): Result {
  if (error?.networkError) throw error.networkError;
  return { data, errors: error?.graphQLErrors as Result['errors'] };
}

function told(input: RequestInfo | URL, init?: RequestInit): string {
  return `${input} ${init?.body}`;
}
