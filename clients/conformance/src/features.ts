/** What every client is tried for, by every transport that it has: a feature throws where it is not as it should be. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import * as documents from './operations.ts';
import type { Problem, Result } from './operations.ts';
import { road } from './road.ts';
import { aGuest, anUnreachableVideo, aReply, aVideo, type Setting } from './setting.ts';
import type { Connection, Way } from './ways.ts';

const EVENTS_BEFORE_CUT = 3;
const MOST_REPLIES = 5;

export interface Evidence {
  /** The id of a request whose end must be in the server's log. */
  endedRequest?: string;
  /** Whether the client subscribed again by itself, or told the application, which did. */
  by?: 'client' | 'application';
}

/** `null`: this transport has no such thing. */
type Feature = (way: Way, setting: Setting) => Promise<Evidence | null>;

export const features: Record<string, Feature> = {
  query: asking(async ({ ask }) => {
    const { data, errors } = await ask({ query: documents.VERSION });
    assert.deepEqual([typeof data.server.version, errors], ['string', undefined]);
  }),

  mutation: asking(async ({ ask }) => {
    const variables = { video: { youtube: 'sample-tide' } };
    const { data } = await ask({ query: documents.CONVERSE, variables });
    assert.equal(data.conversationCreate.__typename, 'ConversationCreateSuccess');
  }),

  subscription: following(async ({ follow, video }) => {
    const results = await all(follow({ query: documents.READINESS, variables: { id: video } }));
    const events = results.map(({ data }) => data.videoReadiness.__typename);
    assert.deepEqual(events, ['VideoSnapshot', 'VideoReady']);
  }),

  variables: either(
    asking(async ({ ask, video }) => {
      const { data } = await ask({ query: documents.BY_ID, variables: { id: video } });
      assert.equal(data.node.id, video);
    }),
    following(async ({ follow, video }) => {
      const { data } = await first(follow({ query: documents.READINESS, variables: { id: video } }));
      assert.equal(data.videoReadiness.video.id, video);
    }),
  ),

  operationName: either(
    asking(async ({ ask, way }) => {
      const { data } = await ask(way.chooses ?? { query: documents.NAMED, operationName: 'Named' });
      assert.equal(typeof data.server.version, 'string');
    }),
    following(async ({ follow, video }) => {
      const operation = { query: documents.READINESS, variables: { id: video }, operationName: 'Readiness' };
      const { data } = await first(follow(operation));
      assert.equal(data.videoReadiness.__typename, 'VideoSnapshot');
    }),
  ),

  'request error': either(
    asking(async ({ ask }) => refused(await ask({ query: documents.UNKNOWN_FIELD }))),
    following(async ({ follow }) => refused(await first(follow({ query: documents.UNKNOWN_STREAM })))),
  ),

  'field error': either(
    asking(async ({ ask }) => {
      const { data, errors } = await ask({ query: documents.ONE_FIELD_FAILS });
      assert.deepEqual([typeof data.server.version, data.video?.transcript ?? null], ['string', null]);
      assert.deepEqual([codes(errors), errors?.[0]?.path], [['BAD_USER_INPUT'], ['video', 'transcript']]);
    }),
    following(async ({ follow, video }) => {
      const { errors } = await first(follow({ query: documents.EVENT_FAILS, variables: { id: video } }));
      assert.deepEqual([codes(errors), errors?.[0]?.path?.[0]], [['BAD_USER_INPUT'], 'videoReadiness']);
    }),
  ),

  'resume after a cut': async (way, { url }) => {
    if (!way.follows) return null;
    for (let replies = 0; replies < MOST_REPLIES; replies++) {
      const headers = aGuest();
      const cuttable = await road(url);
      let subscriptions: number | undefined;
      try {
        await used(way.open(cuttable.url, { headers, retry: true }), async (connection) => {
          subscriptions = await readWithCut(connection, await aReply(url, headers), cuttable.cut);
        });
      } finally {
        cuttable.close();
      }
      if (subscriptions) return { by: subscriptions === 1 ? 'client' : 'application' };
    }
    throw new Error('Every reply was over before it could be cut.');
  },

  'persisted queries': async (way, setting) => {
    if (!way.askPersisted) return null;
    const query = `query Persisted { ${way.transport}_${randomUUID().replaceAll('-', '')}: server { version } }`;
    const sent: boolean[] = [];
    for (const rounds of [[false, true], [false]]) {
      const before = sent.length;
      const { data } = await way.askPersisted(setting.url, { query }, (request) => sent.push(request.includes('Persisted {')));
      assert.equal(typeof Object.values<any>(data)[0].version, 'string');
      assert.deepEqual(sent.slice(before), rounds, 'whether each request held the document');
    }
    return {};
  },

  unsubscribing: async (way, setting) => {
    if (!way.follows) return null;
    const guest = aGuest();
    const endedRequest = randomUUID();
    const variables = { id: await anUnreachableVideo(setting.url, guest) };
    await used(way.open(setting.url, { headers: { ...guest, 'X-Request-ID': endedRequest }, retry: false }), async ({ follow }) => {
      // Where many streams share a connection the server takes few at once; these follow each other.
      for (let rounds = way.transport === 'websocket' ? setting.streamsAtOnce + 1 : 1; rounds > 0; rounds--) {
        const { data } = await first(follow({ query: documents.READINESS, variables }));
        assert.equal(data.videoReadiness.__typename, 'VideoSnapshot');
      }
    });
    return way.transport === 'websocket' ? {} : { endedRequest };
  },

  'expired token': async (way, setting) => {
    const headers = { Authorization: `Bearer ${setting.expiredToken}` };
    await used(way.open(setting.url, { headers, retry: false }), async ({ ask, follow }) => {
      const operation = way.asks ? ask({ query: documents.WHO }) : first(follow({ query: documents.REPLY, variables: { id: 'x' } }));
      if (way.transport === 'websocket') {
        await assert.rejects(operation, (failure) => said(failure).includes('4403'));
      } else {
        const { errors } = await operation;
        assert.deepEqual(codes(errors), ['UNAUTHENTICATED']);
        assert.deepEqual(errors?.[0]?.extensions?.['details'], { reason: 'EXPIRED' });
      }
    });
    return {};
  },
};

interface Trial extends Connection {
  way: Way;
  /** The id of one that is ready. */
  video: string;
}

function asking(check: (trial: Trial) => Promise<void>): Feature {
  return async (way, setting) => (way.asks ? tried(way, setting, check) : null);
}

function following(check: (trial: Trial) => Promise<void>): Feature {
  return async (way, setting) => (way.follows ? tried(way, setting, check) : null);
}

/** By a query where the transport has any, or else by a subscription. */
function either(asked: Feature, followed: Feature): Feature {
  return async (way, setting) => (await asked(way, setting)) ?? followed(way, setting);
}

async function tried(way: Way, { url }: Setting, check: (trial: Trial) => Promise<void>): Promise<object> {
  const headers = aGuest();
  const video = await aVideo(url, headers);
  await used(way.open(url, { headers, retry: false }), (connection) => check({ ...connection, way, video }));
  return {};
}

async function used(connection: Connection, use: (connection: Connection) => Promise<void>): Promise<void> {
  try {
    await use(connection);
  } finally {
    await connection.close();
  }
}

/** Reads a reply whose road is cut on the way: how often it had to subscribe, or undefined when it came too early to cut. */
async function readWithCut({ follow }: Connection, id: string, cut: () => void): Promise<number | undefined> {
  let text = '';
  let after: string | undefined;
  let events = 0;
  let subscriptions = 0;
  for (let content: string | undefined; content === undefined; ) {
    assert.ok(++subscriptions <= 2, 'subscribed again for more than the one cut');
    try {
      for await (const { data } of follow({ query: documents.REPLY, variables: { id, after } })) {
        if (!data) continue; // how some clients tell of a cut
        const event = data.wizReply;
        after = event.position;
        if (event.__typename === 'ReplySnapshot') text = event.text;
        if (event.__typename === 'ReplyDelta') text += event.text;
        if (event.__typename === 'ReplyDone') content = event.message.content;
        if (++events === EVENTS_BEFORE_CUT) cut();
      }
    } catch (error) {
      assert.ok(events >= EVENTS_BEFORE_CUT, `cut off before the cut: ${said(error)}`);
    }
    if (content !== undefined) assert.equal(text, content);
  }
  return events > EVENTS_BEFORE_CUT ? subscriptions : undefined;
}

function refused({ data, errors }: Result): void {
  assert.equal(data ?? null, null);
  assert.deepEqual(codes(errors), ['BAD_USER_INPUT']);
  assert.match(errors?.[0]?.message ?? '', /nothing/);
}

function codes(errors: readonly Problem[] | undefined): unknown[] {
  return (errors ?? []).map(({ extensions }) => extensions?.['code']);
}

async function first(results: AsyncIterableIterator<Result>): Promise<Result> {
  for await (const result of results) return result;
  throw new Error('The stream had no event.');
}

async function all(results: AsyncIterableIterator<Result>): Promise<Result[]> {
  const found: Result[] = [];
  for await (const result of results) found.push(result);
  return found;
}

/** What a client throws: an error, or the event that closed the socket. */
export function said(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  const { message, code, reason, cause } = thrown as Record<string, unknown>;
  return [message, code, reason, cause && said(cause)].filter(Boolean).join(' ');
}
