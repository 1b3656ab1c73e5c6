import { Client, type Exchange, fetchExchange, type SubscriptionForwarder, subscriptionExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { type Session, sha256 } from '@vidwiz/api';
import type { Client as Socket } from 'graphql-ws';
import { auth } from './auth';
import { cache } from './cache';

export interface TransportOptions {
  url: string;
  fetch: typeof fetch;
  /** Without one, subscriptions are event streams, which fetchExchange reads by itself. */
  socket: Socket | null;
  persistedQueries: boolean;
}

export function createClient(session: Session, { url, fetch, socket, persistedQueries }: TransportOptions): Client {
  const exchanges: Exchange[] = [cache(), auth(session)];
  // The hash alone; the document only when the server does not know it yet.
  if (persistedQueries) exchanges.push(persistedExchange({ generateHash: sha256, preferGetForPersistedQueries: false }));
  exchanges.push(fetchExchange);
  if (socket !== null) exchanges.push(subscriptionExchange({ forwardSubscription: over(socket) }));
  return new Client({ url, fetch, exchanges, fetchSubscriptions: socket === null, preferGetMethod: false });
}

function over(socket: Socket): SubscriptionForwarder {
  return ({ query = '', variables }) => ({
    subscribe: (observer) => ({
      unsubscribe: socket.subscribe<Record<string, unknown>, Record<string, unknown>>({ query, variables }, observer),
    }),
  });
}
