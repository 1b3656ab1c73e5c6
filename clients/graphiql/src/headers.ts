/** What the headers editor shows at first; it accepts comments. The headers hold for all tabs. */
export function defaultHeaders(guestSessionId: string): string {
  return `{
  // You are a guest. To act as a user, sign in (first
  // tab), put the access token into the next line, and
  // take the slashes away:
  // "Authorization": "Bearer <accessToken>",
  "X-Guest-Session-ID": "${guestSessionId}"
}
`;
}

/** Browsers cannot set headers on a websocket, so the same two travel as connection_init keys. */
export function connectionParams(headers: Record<string, string> = {}): Record<string, unknown> {
  const byName = new Headers(headers);
  return {
    authorization: byName.get('Authorization') ?? undefined,
    guestSessionId: byName.get('X-Guest-Session-ID') ?? undefined,
  };
}
