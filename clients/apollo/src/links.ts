import { ApolloLink, CombinedProtocolErrors, HttpLink } from '@apollo/client';
import { ErrorLink } from '@apollo/client/link/error';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { sha256 } from '@vidwiz/api';
import { OperationTypeNode } from 'graphql';
import type { Client as Socket } from 'graphql-ws';
import { throwError } from 'rxjs';

export interface TransportOptions {
  url: string;
  fetch: typeof fetch;
  /** Without one, subscriptions are multipart answers, which HttpLink reads by itself. */
  socket: Socket | null;
  persistedQueries: boolean;
}

/** Queries and mutations by HTTP, subscriptions over the socket. */
export function transport({ url, fetch, socket, persistedQueries }: TransportOptions): ApolloLink {
  const http = brokenOff().concat(new HttpLink({ uri: url, fetch }));
  return ApolloLink.split(
    (operation) => operation.operationType === OperationTypeNode.SUBSCRIPTION,
    socket === null ? http : new GraphQLWsLink(socket),
    // The hash alone; the document only when the server does not know it yet.
    persistedQueries ? new PersistedQueryLink({ sha256 }).concat(http) : http,
  );
}

/** A multipart answer that ends in an error of its own, as when the server shuts down, is an error like any other. */
function brokenOff(): ApolloLink {
  // Apollo would tell it, too, but first write the payload into the cache that is not there, and warn of it.
  return new ErrorLink(({ error }) => (CombinedProtocolErrors.is(error) ? throwError(() => error) : undefined));
}
