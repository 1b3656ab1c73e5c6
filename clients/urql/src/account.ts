import type { Client } from '@urql/core';
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

export async function register(client: Client, session: Session, input: UserRegisterInput): Promise<Registered> {
  const { userRegister } = answered(await client.mutation(RegisterDocument, { input }).toPromise());
  if (userRegister.__typename === 'UserRegisterSuccess') session.begin(userRegister.tokens);
  return userRegister;
}

export async function signIn(client: Client, session: Session, input: SessionCreateInput): Promise<SignedIn> {
  const { sessionCreate } = answered(await client.mutation(SignInDocument, { input }).toPromise());
  if (sessionCreate.__typename === 'SessionCreateSuccess') session.begin(sessionCreate.tokens);
  return sessionCreate;
}

export async function whoAmI(client: Client): Promise<WhoAmIQuery['viewer']> {
  const result = await client.query(WhoAmIDocument, {}, { requestPolicy: 'network-only' }).toPromise();
  return answered(result).viewer;
}
