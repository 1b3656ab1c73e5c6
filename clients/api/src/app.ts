import type {
  AskMutation,
  CreateNoteMutation,
  MessagePartsFragment,
  NotePartsFragment,
  RegisterMutation,
  SessionCreateInput,
  SignInMutation,
  UserRegisterInput,
  WhoAmIQuery,
} from '../generated/operations';
import type { NewNote, VideoParts } from './expectedNote';
import type { Reply } from './reply';
import type { Session } from './session';
import type { TokenStore } from './tokens';

export interface AppOptions {
  /** The address of the API: https://vidwiz.example/graphql. */
  url: string;
  tokens?: TokenStore;
  guestSessionId?: string;
  /** How subscriptions travel: over a socket, or over HTTP where a proxy lets no socket through. */
  live?: 'socket' | 'http';
  persistedQueries?: boolean;
  fetch?: typeof fetch;
  webSocketImpl?: unknown;
}

export interface NotePage {
  notes: NotePartsFragment[];
  totalCount: number;
  hasMore: boolean;
}

/** The user's notes, the newest first, as a screen shows them: it grows by pages. */
export interface NoteList {
  loadMore(): Promise<void>;
  stop(): void;
}

export type Stop = () => void;

/**
 * What the screens of an app do, over whichever GraphQL client. All throw what that client throws. After somebody signs
 * in or out the cache is a new one: stop what was watched before, and begin anew.
 */
export interface App {
  readonly session: Session;
  register(input: UserRegisterInput): Promise<RegisterMutation['userRegister']>;
  signIn(input: SessionCreateInput): Promise<SignInMutation['sessionCreate']>;
  signOut(): Promise<void>;
  whoAmI(): Promise<WhoAmIQuery['viewer']>;

  watchNotes(pageSize: number, show: (page: NotePage) => void): NoteList;
  /** The note is shown at once, and goes again if the server will not have it. */
  createNote(video: VideoParts, note: NewNote): Promise<CreateNoteMutation['noteCreate']>;

  sampleVideos(): Promise<VideoParts[]>;
  /** Its id. */
  startConversation(video: VideoParts): Promise<string>;
  ask(conversationId: string, text: string): Promise<AskMutation['messageSend']>;
  follow(replyId: string): AsyncIterable<Reply>;
  /** Past the cache. */
  readMessages(conversationId: string): Promise<MessagePartsFragment[]>;
  watchMessages(conversationId: string, show: (messages: MessagePartsFragment[]) => void): Stop;
  watchMessage(id: string, show: (message: MessagePartsFragment) => void): Stop;

  close(): void;
}
