import { type Client, createClient } from 'graphql-ws';
import { pause } from './pause';
import { bearer, type Session } from './session';

const FORBIDDEN = 4403;

export interface SocketOptions {
  /** That of the API; http becomes ws. */
  url: string;
  session: Session;
  /** Where there is no global WebSocket: Node before 22. */
  webSocketImpl?: unknown;
}

/**
 * One socket for all subscriptions, opened for the first and closed after the last. After a loss it connects again and
 * subscribes again, with the variables of the first time: no `after`, and a snapshot replaces what is held.
 */
export function createSocket({ url, session, webSocketImpl }: SocketOptions): Client {
  let sent: string | null = null;
  const socket = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl,
    connectionParams: async () => {
      const credentials = await session.fresh();
      sent = bearer(credentials.authorization);
      return credentials;
    },
    on: {
      closed: (event) => {
        // Expired or revoked: connectionParams, asked again, gets a new token or learns that the session is over.
        if (codeOf(event) === FORBIDDEN && sent !== null) session.refuse(sent);
      },
    },
    retryAttempts: 20,
    retryWait: pause,
    // By default only a socket that was open before is tried again. A server that restarts refuses connections at first.
    shouldRetry: (cause) => codeOf(cause) !== FORBIDDEN || session.isSignedIn,
  });
  // A socket stays what it was when it was opened.
  session.onChange(() => socket.terminate());
  return socket;
}

function codeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}
