import { memoryTokens } from '@vidwiz/api';
import { equal } from './expect';
import { newEmail, PASSWORD } from './people';
import type { Scenario } from './stage';

export const signingIn: Scenario[] = [
  {
    name: 'a newcomer signs up, out, and in again',
    async play(createApp, { url }) {
      const app = createApp({ url });
      const email = newEmail();
      equal((await app.whoAmI()).kind, 'ANONYMOUS', 'before');
      equal((await app.register({ email, password: PASSWORD, name: 'Ada' })).__typename, 'UserRegisterSuccess', 'sign up');
      equal((await app.whoAmI()).user?.email, email, 'after signing up');
      await app.signOut();
      equal((await app.whoAmI()).kind, 'ANONYMOUS', 'after signing out');
      equal((await app.signIn({ email, password: 'wrong horse' })).__typename, 'InvalidCredentials', 'wrong password');
      equal((await app.signIn({ email, password: PASSWORD })).__typename, 'SessionCreateSuccess', 'right password');
      equal((await app.whoAmI()).user?.email, email, 'after signing in');
      app.close();
    },
  },
  {
    name: 'whoever kept the tokens of a session is signed out with it',
    async play(createApp, { url }) {
      const tokens = memoryTokens();
      const app = createApp({ url, tokens });
      await app.register({ email: newEmail(), password: PASSWORD, name: 'Ada' });
      const kept = tokens.read();
      await app.signOut();
      const copy = memoryTokens();
      copy.write(kept);
      const another = createApp({ url, tokens: copy });
      equal((await another.whoAmI()).kind, 'ANONYMOUS', 'with the tokens that were kept');
      equal(copy.read(), null, 'what is left of them');
      app.close();
      another.close();
    },
  },
  {
    name: 'what is wrong with a registration is told field by field',
    async play(createApp, { url }) {
      const app = createApp({ url });
      const refused = await app.register({ email: 'no address', password: 'short', name: 'A' });
      const problems = refused.__typename === 'InvalidInput' ? refused.problems : [];
      equal(problems.map(({ path }) => path.join('.')).sort(), ['email', 'name', 'password'], 'problems');
      app.close();
    },
  },
  {
    name: 'a guest is recognised by an id of its own making',
    async play(createApp, { url }) {
      const app = createApp({ url, guestSessionId: crypto.randomUUID() });
      equal((await app.whoAmI()).kind, 'GUEST', 'kind');
      app.close();
    },
  },
];
