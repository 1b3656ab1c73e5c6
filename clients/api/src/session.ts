import { RenewDocument, SignOutDocument } from '../generated/operations';
import { exclusively } from './exclusively';
import { post } from './post';
import type { Tokens, TokenStore } from './tokens';

/** The keys are those of a socket's `connection_init`; `headers` makes the headers of them. */
export type Credentials = { authorization?: string; guestSessionId?: string };

export interface SessionOptions {
  url: string;
  tokens: TokenStore;
  /** Random, and kept: whoever knows it is this guest. */
  guestSessionId?: string | undefined;
  fetch: typeof fetch;
}

/**
 * Who the client is, for all that it sends. A refresh token is good once, and a second use ends the session; so all
 * who find their access token refused, in whatever link or tab, renew it here, together and once.
 */
export class Session {
  #refused: string | null = null;
  #renewal: Promise<void> | null = null;
  readonly #listeners = new Set<() => void>();

  constructor(private readonly options: SessionOptions) {}

  get isSignedIn(): boolean {
    return this.options.tokens.read() !== null;
  }

  get accessToken(): string | null {
    return this.options.tokens.read()?.accessToken ?? null;
  }

  get needsRenewal(): boolean {
    return this.accessToken !== null && this.accessToken === this.#refused;
  }

  /** What to send with the next request. */
  get credentials(): Credentials {
    const { accessToken } = this;
    if (accessToken !== null) return { authorization: `Bearer ${accessToken}` };
    const { guestSessionId } = this.options;
    return guestSessionId === undefined ? {} : { guestSessionId };
  }

  begin(tokens: Tokens): void {
    this.options.tokens.write(tokens);
    this.#tell();
  }

  end(): void {
    this.options.tokens.write(null);
    this.#tell();
  }

  /**
   * Signed out at once here, whatever comes of telling the server, which ends the session for whoever has a copy of its
   * tokens. Throws what `post` throws; the session then ends by itself when its tokens do.
   */
  async signOut(): Promise<void> {
    const { accessToken } = this;
    this.end();
    if (accessToken === null) return;
    const { url, fetch } = this.options;
    await post(url, SignOutDocument, {}, fetch, headers({ authorization: `Bearer ${accessToken}` }));
  }

  /** Be told when somebody else is calling from now on: after signing in or out, not after a renewal. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The server would have none of this access token. Nothing happens to a newer one. */
  refuse(accessToken: string): void {
    if (accessToken === this.accessToken) this.#refused = accessToken;
  }

  /**
   * Credentials that have not been refused. Where the session is over, those of a guest. Throws when the server cannot
   * be asked: the session lives on then, and the next call tries again.
   */
  async fresh(): Promise<Credentials> {
    if (this.needsRenewal) {
      this.#renewal ??= exclusively('vidwiz.renewal', () => this.#renew()).finally(() => {
        this.#renewal = null;
      });
      await this.#renewal;
    }
    return this.credentials;
  }

  async #renew(): Promise<void> {
    const held = this.options.tokens.read();
    // While we waited for our turn, another tab may have renewed it, or signed out.
    if (held === null || !this.needsRenewal) return;
    const { url, fetch, tokens } = this.options;
    const { sessionRefresh } = await post(url, RenewDocument, { input: { refreshToken: held.refreshToken } }, fetch);
    if (sessionRefresh.__typename === 'SessionRefreshSuccess') tokens.write(sessionRefresh.tokens);
    else this.end();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

export function headers({ authorization, guestSessionId }: Credentials): Record<string, string> {
  if (authorization !== undefined) return { authorization };
  return guestSessionId === undefined ? {} : { 'x-guest-session-id': guestSessionId };
}

/** The access token within an `authorization`. */
export function bearer(authorization: string | undefined): string | null {
  return authorization?.replace(/^Bearer /, '') ?? null;
}
