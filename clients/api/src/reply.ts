import type { FollowReplySubscription, MessagePartsFragment, ReplyFailureCode } from '../generated/operations';
import { pause } from './pause';

export type ReplyEvent = FollowReplySubscription['wizReply'];

export type Ending =
  | { kind: 'DONE' | 'STOPPED'; message: MessagePartsFragment }
  | { kind: 'FAILED'; code: ReplyFailureCode; reason: string };

/** What a screen shows of an answer that is being written. */
export interface Reply {
  text: string;
  position: string | null;
  ending: Ending | null;
}

export const NOTHING_YET: Reply = { text: '', position: null, ending: null };

export function take(reply: Reply, event: ReplyEvent): Reply {
  const { position } = event;
  switch (event.__typename) {
    case 'ReplySnapshot':
      return { ...reply, position, text: event.text };
    case 'ReplyDelta':
      return { ...reply, position, text: reply.text + event.text };
    case 'ReplyDone':
      return { text: event.message.content, position, ending: { kind: 'DONE', message: event.message } };
    case 'ReplyStopped':
      return { text: event.message.content, position, ending: { kind: 'STOPPED', message: event.message } };
    case 'ReplyFailed':
      return { ...reply, position, ending: { kind: 'FAILED', code: event.code, reason: event.reason } };
  }
}

/** The connection broke off; the same subscription can be made again. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost';
}

const MOST_LOSSES_IN_A_ROW = 10;

/**
 * The answer as it grows, until it has ended. `subscribe` makes one attempt over whatever transport, and throws
 * ConnectionLost; the next begins after the newest position, so that nothing is lost and nothing comes twice. (Sockets
 * connect again by themselves, and get a snapshot: that is as good.)
 */
export async function* followReply(subscribe: (after: string | null) => AsyncIterable<ReplyEvent>): AsyncGenerator<Reply> {
  let reply = NOTHING_YET;
  const seen = new Set<string>();
  for (let losses = 0; reply.ending === null; losses += 1) {
    try {
      for await (const event of subscribe(reply.position)) {
        losses = 0;
        // A library that subscribes again by itself does so with the position of the first time, and urql repeats the
        // last event of a stream over HTTP when the body ends.
        if (seen.has(event.position)) continue;
        seen.add(event.position);
        reply = take(reply, event);
        yield reply;
        if (reply.ending !== null) return;
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    }
    if (losses === MOST_LOSSES_IN_A_ROW) throw new ConnectionLost('The answer cannot be followed.');
    await pause(losses);
  }
}
