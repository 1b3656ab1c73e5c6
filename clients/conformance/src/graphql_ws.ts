/** The official websocket client, `graphql-ws`. */
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { TWO_QUERIES, type Result } from './operations.ts';
import { webSocketUrl } from './setting.ts';
import { only, withRefusals, type Options, type Way } from './ways.ts';

globalThis.WebSocket ??= WebSocket as never; // Node has one since 22, and Apollo's link looks for it

/** Also what Apollo Client and urql are given for their sockets. */
export function socketClient(url: string, { headers, retry }: Options): Client {
  return createClient({
    url: webSocketUrl(url),
    connectionParams: headers,
    lazyCloseTimeout: 60_000, // operations share one socket
    retryAttempts: retry ? 20 : 0,
    retryWait: async () => {},
    shouldRetry: () => retry,
  });
}

export const graphqlWs: Way[] = [
  {
    transport: 'websocket',
    asks: true,
    follows: true,
    chooses: { query: TWO_QUERIES, operationName: 'Second' },
    open(url, options) {
      const client = socketClient(url, options);
      const follow = (operation: Parameters<Client['iterate']>[0]) =>
        withRefusals(client.iterate(operation) as AsyncIterableIterator<Result>);
      return { follow, ask: (operation) => only(follow(operation)), close: () => client.dispose() };
    },
  },
];
