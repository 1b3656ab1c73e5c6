import { memoryTokens, post, RenewDocument, storedTokens, type Tokens } from '@vidwiz/api';
import { equal, truthy } from './expect';
import { aVideo, outlive, signedUp } from './people';
import { recordingFetch } from './recording';
import type { Scenario } from './stage';

export const renewal: Scenario[] = [
  {
    name: 'an operation with an expired token is repeated with a new one',
    async play(createApp, { brief }) {
      const [tokens, { fetch, of }] = [memoryTokens(), recordingFetch()];
      const app = await signedUp(createApp, { url: brief, tokens, fetch });
      const before = held(tokens.read());
      await outlive(before.accessTokenExpiresAt);
      equal((await app.whoAmI()).kind, 'USER', 'who I am');
      equal(of('sessionRefresh').length, 1, 'renewals');
      truthy(before.accessToken !== held(tokens.read()).accessToken, 'the token is the old one');
      app.close();
    },
  },
  {
    name: 'operations that fail together renew once, and the session lives on',
    async play(createApp, { brief }) {
      const [tokens, { fetch, of }] = [memoryTokens(), recordingFetch()];
      const app = await signedUp(createApp, { url: brief, tokens, fetch });
      const video = await aVideo(app);
      for (const renewals of [1, 2]) {
        await outlive(held(tokens.read()).accessTokenExpiresAt);
        const notes = ['0:01', '0:02', '0:03', '0:04'].map((timestamp) => app.createNote(video, { timestamp }));
        const made = await Promise.all(notes);
        equal(made.map(({ __typename }) => __typename), made.map(() => 'NoteCreateSuccess'), 'notes');
        equal(of('sessionRefresh').length, renewals, 'renewals');
      }
      app.close();
    },
  },
  {
    name: 'two tabs share one renewal',
    async play(createApp, { brief }) {
      const { fetch, of } = recordingFetch();
      const tokens = storedTokens(fakeStorage());
      const first = await signedUp(createApp, { url: brief, tokens, fetch });
      const second = createApp({ url: brief, tokens, fetch });
      await outlive(held(tokens.read()).accessTokenExpiresAt);
      const answers = await Promise.all([first.whoAmI(), second.whoAmI()]);
      equal(answers.map(({ kind }) => kind), ['USER', 'USER'], 'who they are');
      equal(of('sessionRefresh').length, 1, 'renewals');
      first.close();
      second.close();
    },
  },
  {
    name: 'a session that was ended elsewhere signs out',
    async play(createApp, { url }) {
      const tokens = memoryTokens();
      const app = await signedUp(createApp, { url, tokens });
      // A second use of a refresh token ends the session: somebody must have a copy.
      const { refreshToken } = held(tokens.read());
      for (const outcome of ['SessionRefreshSuccess', 'InvalidRefreshToken']) {
        const { sessionRefresh } = await post(url, RenewDocument, { input: { refreshToken } }, fetch);
        equal(sessionRefresh.__typename, outcome, 'elsewhere');
      }
      equal((await app.whoAmI()).kind, 'ANONYMOUS', 'who I am');
      equal(app.session.isSignedIn, false, 'signed in');
      app.close();
    },
  },
];

function held(tokens: Tokens | null): Tokens {
  truthy(tokens, 'signed out');
  return tokens;
}

/** Like `localStorage`, which Node has not, and which would be one for all who play at the same time. */
function fakeStorage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}
