/** What only `graphql-ws` itself shows of a socket: one JSON line a check. Given is a `Setting`, as JSON. */
import assert from 'node:assert/strict';
import { createClient, type ClientOptions } from 'graphql-ws';
import WebSocket from 'ws';
import { said } from './features.ts';
import * as documents from './operations.ts';
import { aGuest, aVideo, setting, webSocketUrl } from './setting.ts';

const { url } = setting();
const guest = aGuest();
const video = await aVideo(url, guest);
const readiness = { query: documents.READINESS, variables: { id: video } };

type Log = { connecting: number; opened: number; closed: number[]; pongs: number };

/** A client and what has happened to its socket. */
function connect(options: Partial<ClientOptions> = {}) {
  const log: Log = { connecting: 0, opened: 0, closed: [], pongs: 0 };
  let happened = () => {};
  const client = createClient({
    url: webSocketUrl(url),
    webSocketImpl: WebSocket,
    connectionParams: guest,
    retryAttempts: 0,
    on: {
      connecting: () => (log.connecting++, happened()),
      opened: () => (log.opened++, happened()),
      closed: (event) => (log.closed.push((event as CloseEvent).code), happened()),
      pong: () => (log.pongs++, happened()),
    },
    ...options,
  });
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>((resolve) => (happened = resolve));
  };
  return { client, log, until };
}

async function drain(results: AsyncIterable<unknown>): Promise<any[]> {
  const found = [];
  for await (const result of results) found.push(result);
  return found;
}

const checks: Record<string, () => Promise<void>> = {
  async 'several operations share one socket'() {
    const { client, log } = connect();
    const operations = [readiness, { query: documents.VERSION }, { query: documents.UNKNOWN_STREAM }];
    const [stream, query, refused] = await Promise.allSettled(operations.map((one) => drain(client.iterate(one))));
    const counts = [stream, query].map((one) => one?.status === 'fulfilled' && one.value.length);
    assert.deepEqual(counts, [2, 1]);
    assert.equal(refused?.status === 'rejected' && refused.reason[0].extensions.code, 'BAD_USER_INPUT');
    assert.equal(log.opened, 1);
    await client.dispose();
  },

  async 'a syntax error ends its operation alone'() {
    const { client, log } = connect({ lazyCloseTimeout: 60_000 });
    await assert.rejects(drain(client.iterate({ query: '{' })));
    assert.equal((await drain(client.iterate({ query: documents.VERSION }))).length, 1);
    assert.deepEqual([log.opened, log.closed], [1, []]);
    await client.dispose();
  },

  async 'a lazy client connects with its first operation and leaves after its last'() {
    const { client, log, until } = connect();
    assert.equal(log.connecting, 0);
    assert.equal((await drain(client.iterate({ query: documents.VERSION }))).length, 1);
    await until(() => log.closed.length > 0);
    assert.deepEqual([log.opened, log.closed], [1, [1000]]);
  },

  async 'an eager client stays without any operation'() {
    const { client, log, until } = connect({ lazy: false });
    await until(() => log.opened === 1);
    assert.equal((await drain(client.iterate({ query: documents.VERSION }))).length, 1);
    assert.deepEqual(log.closed, []);
    await client.dispose();
    await until(() => log.closed.length > 0);
  },

  async 'keepAlive: pings are answered'() {
    const { client, log, until } = connect({ keepAlive: 10, lazy: false });
    await until(() => log.pongs >= 3);
    assert.deepEqual(log.closed, []);
    await client.dispose();
  },
};

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(JSON.stringify({ name, works: true }));
  } catch (error) {
    console.log(JSON.stringify({ name, works: false, reason: said(error) }));
  }
}
process.exit(0);
