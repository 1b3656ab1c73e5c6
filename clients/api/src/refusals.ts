interface Extensions {
  code?: unknown;
  details?: { reason?: unknown };
}

/** Whether the credentials are no good any more: expired, which a renewal heals, or revoked, which a renewal finds out. */
export function isSignedOut(errors: readonly { extensions?: unknown }[]): boolean {
  return errors.some(({ extensions }) => {
    const { code, details } = (extensions ?? {}) as Extensions;
    return code === 'UNAUTHENTICATED' && details?.reason !== 'MISSING';
  });
}
