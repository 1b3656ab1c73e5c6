import { equal, truthy } from './expect';
import { signedUp } from './people';
import { recordingFetch } from './recording';
import type { Scenario } from './stage';

export const documents: Scenario[] = [
  {
    name: 'a document that the server knows is asked for by its hash alone',
    async play(createApp, { url }) {
      const { fetch, requests } = recordingFetch();
      const app = await signedUp(createApp, { url, fetch });
      await app.whoAmI();
      const before = requests.length;
      equal((await app.whoAmI()).kind, 'USER', 'who I am');
      equal(requests.length, before + 1, 'requests');
      const { body } = requests.at(-1) ?? {};
      equal(body?.query, undefined, 'the query');
      truthy(body?.extensions?.persistedQuery, 'there is no hash');
      app.close();
    },
  },
  {
    name: 'without persisted queries documents are sent in full',
    async play(createApp, { url }) {
      const { fetch, requests } = recordingFetch();
      const app = await signedUp(createApp, { url, fetch, persistedQueries: false });
      await app.whoAmI();
      truthy(requests.at(-1)?.body.query?.includes('WhoAmI'), 'there is no query');
      app.close();
    },
  },
];
