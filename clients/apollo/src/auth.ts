import { type ApolloLink, CombinedGraphQLErrors } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { bearer, headers, isSignedOut, type Session } from '@vidwiz/api';
import { from, switchMap } from 'rxjs';

interface AuthContext {
  accessToken?: string | null;
  isRetry?: boolean;
}

/**
 * Sends the credentials with each operation. One that is refused for them is sent once more with fresh ones; the
 * session sees to it that operations which fail together renew it once.
 */
export function authLink(session: Session): ApolloLink {
  return renewal(session).concat(credentials(session));
}

function renewal(session: Session): ApolloLink {
  return new ErrorLink(({ error, operation, forward }) => {
    const { accessToken, isRetry } = operation.getContext() as AuthContext;
    if (!CombinedGraphQLErrors.is(error) || !isSignedOut(error.errors) || !accessToken) return;
    session.refuse(accessToken);
    if (isRetry) return;
    operation.setContext({ isRetry: true });
    return from(session.fresh()).pipe(switchMap(() => forward(operation)));
  });
}

function credentials(session: Session): ApolloLink {
  return new SetContextLink(async () => {
    const current = await session.fresh();
    // In place of the headers that an operation which is repeated had before.
    return { accessToken: bearer(current.authorization), headers: headers(current) };
  });
}
