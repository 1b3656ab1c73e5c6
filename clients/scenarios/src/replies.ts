import type { App, MessagePartsFragment, Reply } from '@vidwiz/api';
import { equal, truthy, until } from './expect';
import { asked, signedUp } from './people';
import { recordingFetch, recordingSocket } from './recording';
import type { CreateApp, Scenario, Stage } from './stage';

const ENOUGH_TO_BE_DISTURBED = 3;

export const replies: Scenario[] = [
  {
    name: 'a reply is streamed, and ends as it is stored',
    async play(createApp, { url }) {
      const app = await signedUp(createApp, { url });
      await follow(app);
      app.close();
    },
  },
  {
    name: 'a guest gets a reply, too',
    async play(createApp, { url }) {
      const app = createApp({ url, guestSessionId: crypto.randomUUID() });
      await follow(app);
      app.close();
    },
  },
  {
    name: 'the end of a reply shows wherever the message is seen, without a request',
    async play(createApp, { url }) {
      const { fetch, requests } = recordingFetch();
      const app = await signedUp(createApp, { url, fetch });
      const { conversation, reply } = await asked(app);
      const inList: MessagePartsFragment[][] = [];
      const alone: MessagePartsFragment[] = [];
      const stops = [
        app.watchMessages(conversation, (messages) => inList.push(messages)),
        app.watchMessage(reply, (message) => alone.push(message)),
      ];
      await until(() => inList.length > 0 && alone.length > 0, 'both are seen');
      equal(alone.at(-1)?.content, '', 'text before the end');
      const before = requests.length;
      const { text } = await readAll(app, reply);
      await until(() => alone.at(-1)?.status === 'DONE' && inList.at(-1)?.at(-1)?.status === 'DONE', 'both are done');
      equal([alone.at(-1)?.content, inList.at(-1)?.at(-1)?.content], [text, text], 'the texts');
      equal(requests.length, before, 'requests');
      for (const stop of stops) stop();
      app.close();
    },
  },
  {
    name: 'a question shows in its conversation',
    async play(createApp, { url }) {
      const app = await signedUp(createApp, { url });
      const { conversation } = await asked(app);
      const seen: MessagePartsFragment[][] = [];
      const stop = app.watchMessages(conversation, (messages) => seen.push(messages));
      await until(() => seen.at(-1)?.length === 2, 'the first question');
      await app.ask(conversation, 'And how high is it?');
      await until(() => seen.at(-1)?.length === 4, 'the second question');
      equal(seen.at(-1)?.map(({ role }) => role), ['USER', 'ASSISTANT', 'USER', 'ASSISTANT'], 'roles');
      stop();
      app.close();
    },
  },
  {
    name: 'replies go on after their connections broke',
    play: (createApp, { fragile, control }) => followBoth(createApp, fragile, () => post(control, 'cut'), 1006),
  },
  {
    name: 'replies go on after the server was restarted',
    play: (createApp, { restarted, control }) => followBoth(createApp, restarted, () => post(control, 'restart'), 1012),
  },
  {
    name: 'a socket whose token expires is opened anew with another, and the reply goes on',
    async play(createApp, { brief }) {
      const { webSocketImpl, closed } = recordingSocket();
      const { fetch, of } = recordingFetch();
      const app = await signedUp(createApp, { url: brief, webSocketImpl, fetch });
      await follow(app);
      truthy(closed.includes(4403), `the token did not expire: ${closed.join()}`);
      truthy(of('sessionRefresh').length > 0, 'no renewal');
      app.close();
    },
  },
  {
    name: 'a stream over HTTP whose token expires is opened anew with another, and the reply goes on',
    async play(createApp, { brief }) {
      const { fetch, requests, of } = recordingFetch();
      const app = await signedUp(createApp, { url: brief, live: 'http', fetch });
      await follow(app);
      truthy(requests.filter(isStream).length > 1, 'the token did not expire');
      truthy(of('sessionRefresh').length > 0, 'no renewal');
      app.close();
    },
  },
  {
    name: 'a reply is streamed over HTTP where there are no sockets',
    async play(createApp, { url }) {
      const { fetch, requests } = recordingFetch();
      const app = await signedUp(createApp, { url, live: 'http', fetch });
      await follow(app);
      truthy(requests.some(isStream), `no stream: ${requests.map(({ contentType }) => contentType).join()}`);
      app.close();
    },
  },
];

/** One reply over a socket and one over HTTP, with one disturbance when both have begun, by which sockets are closed so. */
async function followBoth(createApp: CreateApp, url: string, disturb: () => Promise<void>, code: number): Promise<void> {
  const { webSocketImpl, closed } = recordingSocket();
  const { fetch, requests } = recordingFetch();
  const bySocket = await signedUp(createApp, { url, webSocketImpl });
  const byHttp = await signedUp(createApp, { url, live: 'http', fetch });
  const disturbBoth = whenAll(2, disturb);
  await Promise.all([follow(bySocket, disturbBoth), follow(byHttp, disturbBoth)]);
  truthy(closed.includes(code), `the socket was not disturbed: ${closed.join()}`);
  truthy(requests.filter(isStream).length > 1, 'the stream was not disturbed');
  bySocket.close();
  byHttp.close();
}

/** Does the work once so many have called, and then all of them go on. */
function whenAll(callers: number, work: () => Promise<void>): () => Promise<void> {
  let missing = callers;
  let begin = () => {};
  const done = new Promise<void>((resolve) => {
    begin = resolve;
  }).then(work);
  return () => {
    missing -= 1;
    if (missing === 0) begin();
    return done;
  };
}

/** Ask, and read the reply to its end; `disturb` once it has begun. */
async function follow(app: App, disturb?: () => Promise<void>): Promise<void> {
  const { conversation, reply } = await asked(app);
  const { text, steps } = await readAll(app, reply, disturb);
  truthy(steps.length > ENOUGH_TO_BE_DISTURBED, `only ${steps.length} steps`);
  await expectStored(app, conversation, text);
}

async function readAll(app: App, id: string, disturb?: () => Promise<void>): Promise<{ text: string; steps: Reply[] }> {
  const steps: Reply[] = [];
  for await (const reply of app.follow(id)) {
    steps.push(reply);
    if (steps.length === ENOUGH_TO_BE_DISTURBED) await disturb?.();
  }
  const [beforeLast, last] = steps.slice(-2);
  equal(last?.ending?.kind, 'DONE', 'the ending');
  equal(beforeLast?.text, last?.text, 'the text put together');
  return { text: last?.text ?? '', steps };
}

async function expectStored(app: App, conversation: string, text: string): Promise<void> {
  const message = (await app.readMessages(conversation)).at(-1);
  equal([message?.status, message?.content], ['DONE', text], 'the stored message');
  truthy(text.length > 0, 'there is no text');
}

async function post(control: Stage['control'], what: 'cut' | 'restart'): Promise<void> {
  const response = await fetch(`${control}/${what}`, { method: 'POST' });
  truthy(response.ok, `${what}: ${response.status}`);
}

function isStream({ contentType }: { contentType: string | null }): boolean {
  return /^(text\/event-stream|multipart\/mixed)/.test(contentType ?? '');
}
