/** Asks and reads the reply by `graphql-ws`, however long it takes, and prints what happens on the way: JSON lines. */
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { REPLY, SEND } from './operations.ts';
import { post, webSocketUrl } from './setting.ts';

interface Given {
  url: string;
  conversation: string;
  accessToken: string;
  refreshToken: string;
}

const REFRESH = `
  mutation Refresh($refreshToken: String!) {
    sessionRefresh(input: { refreshToken: $refreshToken }) {
      ... on SessionRefreshSuccess { tokens { accessToken refreshToken } }
    }
  }
`;
const RETRY_MILLISECONDS = 50;
const LATE_MILLISECONDS = 60_000;

const given = JSON.parse(process.argv[2] ?? '') as Given;
let tokens = given;
let mustRenew = false;
const tell = (event: string, more: object = {}) => console.log(JSON.stringify({ event, ...more }));

let isConnected = () => {};
const connected = new Promise<void>((resolve) => (isConnected = resolve));
const client = createClient({
  url: webSocketUrl(given.url),
  webSocketImpl: WebSocket,
  lazy: false,
  retryAttempts: Infinity,
  retryWait: () => new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS)),
  shouldRetry: () => true, // also while nobody listens
  async connectionParams() {
    if (mustRenew) {
      const answer = await post(given.url, {}, { query: REFRESH, variables: { refreshToken: tokens.refreshToken } });
      tokens = answer.data.sessionRefresh.tokens;
      mustRenew = false;
      tell('renewed');
    }
    return { authorization: `Bearer ${tokens.accessToken}` };
  },
  on: {
    connected(_socket, _payload, wasRetry) {
      tell('connected', { wasRetry });
      isConnected();
    },
    closed(event) {
      const { code } = event as CloseEvent;
      mustRenew ||= code === 4403;
      tell('closed', { code });
    },
  },
});

setTimeout(() => process.exit(1), LATE_MILLISECONDS);
await connected; // so that nothing of the reply is written before somebody reads
// The client sends this very object again when it subscribes again, with the newest position in it.
const variables: { id: string; after?: string } = { id: await ask() };
let text = '';
for await (const { data, errors } of client.iterate<{ wizReply: any }>({ query: REPLY, variables })) {
  if (!data) {
    tell('errors', { errors });
    break;
  }
  const event = data.wizReply;
  variables.after = event.position;
  if (event.__typename === 'ReplySnapshot') text = event.text;
  if (event.__typename === 'ReplyDelta') text += event.text;
  tell(event.__typename);
  if (event.__typename === 'ReplyDone') tell('read', { text, content: event.message.content });
}
process.exit(0);

async function ask(): Promise<string> {
  const variables = { conversation: given.conversation, text: 'Why does the tide come later each day?' };
  const answer = await post(given.url, { Authorization: `Bearer ${tokens.accessToken}` }, { query: SEND, variables });
  return answer.data.messageSend.reply.id;
}
