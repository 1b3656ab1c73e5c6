/** What a client must be wrapped in to be tried: one way of talking to the server. */
import type { Operation, Result } from './operations.ts';
import type { Headers } from './setting.ts';

export interface Connection {
  /** A query or a mutation. */
  ask(operation: Operation): Promise<Result>;
  /** A subscription. Leaving the iteration unsubscribes. A failure of the transport is thrown. */
  follow(operation: Operation): AsyncIterableIterator<Result>;
  close(): unknown;
}

export interface Options {
  headers: Headers;
  /** Whether to connect again after a cut, for clients that can. */
  retry: boolean;
}

export interface Way {
  transport: 'HTTP' | 'websocket' | 'SSE' | 'multipart';
  asks: boolean;
  follows: boolean;
  open(url: string, options: Options): Connection;
  /** A document of several operations, by whose name the client has the second one run; undefined if it never can. */
  chooses?: Operation;
  /** Asks by the document's hash, with a client that has asked nothing before; `sent` hears of each request. */
  askPersisted?(url: string, operation: Operation, sent: (request: string) => void): Promise<Result>;
}

/** Turns a client's callbacks into an iteration. `start` answers with what unsubscribes. */
export async function* iterate(
  start: (sink: { next(result: Result): void; error(error: unknown): void; complete(): void }) => () => unknown,
): AsyncIterableIterator<Result> {
  const results: Result[] = [];
  let failure: { error: unknown } | undefined;
  let ended = false;
  let wake = () => {};
  const stop = start({
    next: (result) => (results.push(result), wake()),
    error: (error) => ((failure = { error }), (ended = true), wake()),
    complete: () => ((ended = true), wake()),
  });
  try {
    for (;;) {
      while (results.length) yield results.shift()!;
      if (failure) throw failure.error;
      if (ended) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    await stop();
  }
}

/** For clients that give the server's `error` message to the same callback as a lost connection. */
export async function* withRefusals(results: AsyncIterableIterator<Result>): AsyncIterableIterator<Result> {
  try {
    yield* results;
  } catch (error) {
    if (!Array.isArray(error)) throw error;
    yield { errors: error };
  }
}

/** The one result of a query by a transport that streams. */
export async function only(results: AsyncIterableIterator<Result>): Promise<Result> {
  const found: Result[] = [];
  for await (const result of results) found.push(result);
  if (found.length !== 1) throw new Error(`${found.length} results`);
  return found[0]!;
}
