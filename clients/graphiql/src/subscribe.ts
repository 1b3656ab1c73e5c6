import type { FetcherParams, Observable } from '@graphiql/toolkit';
import type { ExecutionResult } from 'graphql';
import { createClient, type Sink } from 'graphql-ws';
import { connectionParams } from './headers';

/** Run one subscription on a socket of its own, so that it always carries the present headers. */
export function subscribe(
  url: string,
  params: FetcherParams,
  headers: Record<string, string> | undefined,
): Observable<ExecutionResult> {
  const client = createClient({
    url,
    connectionParams: () => connectionParams(headers),
    // Show why a socket was closed (an expired token, say) instead of trying again in silence.
    retryAttempts: 0,
  });
  return {
    subscribe: (observer: unknown) => {
      // GraphiQL only ever passes an object; the type allows for three functions, too.
      const sink = observer as Sink<ExecutionResult>;
      const unsubscribe = client.subscribe(params, {
        next: (result) => sink.next(result as ExecutionResult),
        error: (reason) => sink.error(readable(reason)),
        complete: () => sink.complete(),
      });
      return { unsubscribe };
    },
  };
}

function readable(reason: unknown): unknown {
  if (reason instanceof CloseEvent) {
    return { message: `The server closed the socket: ${reason.code} ${reason.reason}`.trim() };
  }
  if (reason instanceof Event) return { message: 'The socket could not be opened.' };
  return reason;
}
