import type { ApolloClient } from '@apollo/client';
import {
  RegisterDocument,
  type RegisterMutation,
  type Session,
  type SessionCreateInput,
  SignInDocument,
  type SignInMutation,
  type UserRegisterInput,
  WhoAmIDocument,
  type WhoAmIQuery,
} from '@vidwiz/api';
import { answered } from './answered';

type Registered = RegisterMutation['userRegister'];
type SignedIn = SignInMutation['sessionCreate'];

// Tokens are no business of the cache: hence no-cache.

export async function register(client: ApolloClient, session: Session, input: UserRegisterInput): Promise<Registered> {
  const { userRegister } = answered(
    await client.mutate({ mutation: RegisterDocument, variables: { input }, fetchPolicy: 'no-cache' }),
  );
  if (userRegister.__typename === 'UserRegisterSuccess') session.begin(userRegister.tokens);
  return userRegister;
}

export async function signIn(client: ApolloClient, session: Session, input: SessionCreateInput): Promise<SignedIn> {
  const { sessionCreate } = answered(
    await client.mutate({ mutation: SignInDocument, variables: { input }, fetchPolicy: 'no-cache' }),
  );
  if (sessionCreate.__typename === 'SessionCreateSuccess') session.begin(sessionCreate.tokens);
  return sessionCreate;
}

export async function whoAmI(client: ApolloClient): Promise<WhoAmIQuery['viewer']> {
  return answered(await client.query({ query: WhoAmIDocument, fetchPolicy: 'network-only' })).viewer;
}
