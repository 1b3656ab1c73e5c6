import { type Exchange, makeOperation, type Operation } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import { bearer, headers, isSignedOut, type Session } from '@vidwiz/api';

/**
 * Sends the credentials with each operation. One that is refused for them is sent once more with fresh ones; the
 * session sees to it that operations which fail together, or a moment later, renew it once.
 */
export function auth(session: Session): Exchange {
  return authExchange(async () => ({
    addAuthToOperation: (operation) => sentAs(operation, headers(session.credentials)),
    willAuthError: () => session.needsRenewal,
    didAuthError: (error, operation) => {
      const accessToken = sentWith(operation);
      if (accessToken === null || !isSignedOut(error.graphQLErrors)) return false;
      session.refuse(accessToken);
      return true;
    },
    refreshAuth: async () => {
      await session.fresh();
    },
  }));
}

/** Not the exchange's appendHeaders: of an operation that is repeated it would keep the headers that were refused. */
function sentAs(operation: Operation, headers: Record<string, string>): Operation {
  return makeOperation(operation.kind, operation, { ...operation.context, fetchOptions: { headers } });
}

function sentWith(operation: Operation): string | null {
  const { fetchOptions } = operation.context;
  const options = typeof fetchOptions === 'function' ? fetchOptions() : fetchOptions;
  return bearer(new Headers(options?.headers).get('authorization') ?? undefined);
}
