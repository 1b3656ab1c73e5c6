import type { SessionTokensFragment } from '../generated/operations';

/** What a session is known by. The access token opens every door for a while, the refresh token buys new ones, once. */
export type Tokens = SessionTokensFragment;

export interface TokenStore {
  read(): Tokens | null;
  write(tokens: Tokens | null): void;
}

/** Forgotten with the page. */
export function memoryTokens(): TokenStore {
  let held: Tokens | null = null;
  return {
    read: () => held,
    write: (tokens) => {
      held = tokens;
    },
  };
}

/**
 * Kept in `localStorage`, say, where all tabs find them. A script that gets into the page can read them there: serve
 * the page with a strict Content-Security-Policy.
 */
export function storedTokens(
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
  key = 'vidwiz.tokens',
): TokenStore {
  return {
    read: () => {
      const text = storage.getItem(key);
      return text === null ? null : (JSON.parse(text) as Tokens);
    },
    write: (tokens) => {
      if (tokens === null) storage.removeItem(key);
      else storage.setItem(key, JSON.stringify(tokens));
    },
  };
}
