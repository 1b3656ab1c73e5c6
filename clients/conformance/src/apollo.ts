/** Apollo Client's core, without React. */
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client/core';
import { CombinedGraphQLErrors, CombinedProtocolErrors } from '@apollo/client/errors';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { socketClient } from './graphql_ws.ts';
import type { Result } from './operations.ts';
import { iterate, type Connection, type Way } from './ways.ts';

export const apollo: Way[] = [
  {
    transport: 'HTTP',
    asks: true,
    follows: false,
    open: (uri, { headers }) => connection(new HttpLink({ uri, headers })),
    askPersisted(uri, operation, sent) {
      const fetchAndTell: typeof fetch = (input, init) => (sent(`${input} ${init?.body}`), fetch(input, init));
      const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
      const link = ApolloLink.from([new PersistedQueryLink({ sha256 }), new HttpLink({ uri, fetch: fetchAndTell })]);
      return connection(link).ask(operation);
    },
  },
  {
    transport: 'websocket',
    asks: true,
    follows: true,
    open(url, options) {
      const socket = socketClient(url, options);
      return { ...connection(new GraphQLWsLink(socket)), close: () => socket.dispose() };
    },
  },
  {
    transport: 'multipart',
    asks: false,
    follows: true,
    open: (uri, { headers }) => connection(new HttpLink({ uri, headers })),
  },
];

function connection(link: ApolloLink): Connection {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const errorPolicy = 'all';
  return {
    async ask({ query, variables }) {
      const document = gql(query);
      const isMutation = query.trimStart().startsWith('mutation');
      return result(
        isMutation
          ? await client.mutate({ mutation: document, variables, errorPolicy })
          : await client.query({ query: document, variables, errorPolicy, fetchPolicy: 'network-only' }),
      );
    },
    follow: ({ query, variables }) =>
      iterate((sink) => {
        const subscription = client
          .subscribe({ query: gql(query), variables, errorPolicy, fetchPolicy: 'no-cache' })
          .subscribe({
            next(answer) {
              try {
                sink.next(result(answer));
              } catch (error) {
                sink.error(error);
              }
            },
            error: sink.error,
            complete: sink.complete,
          });
        return () => subscription.unsubscribe();
      }),
    close: () => client.stop(),
  };
}

/** Throws what is no error of GraphQL's. */
function result({ data, error }: { data?: unknown; error?: unknown }): Result {
  if (error === undefined) return { data };
  if (CombinedGraphQLErrors.is(error) || CombinedProtocolErrors.is(error)) {
    return { data: data ?? (CombinedGraphQLErrors.is(error) ? error.data : null), errors: error.errors as Result['errors'] };
  }
  throw error;
}
