import { ApolloClient } from '@apollo/client';
import type { Session } from '@vidwiz/api';
import { authLink } from './auth';
import { createCache } from './cache';
import { transport, type TransportOptions } from './links';

export function createClient(session: Session, options: TransportOptions): ApolloClient {
  return new ApolloClient({ cache: createCache(), link: authLink(session).concat(transport(options)) });
}
