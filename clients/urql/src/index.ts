import { type App, type AppOptions, createSocket, followReply, memoryTokens, Session } from '@vidwiz/api';
import { register, signIn, whoAmI } from './account';
import { createClient } from './client';
import { createNote, watchNotes } from './notes';
import { ask, readMessages, replyEvents, sampleVideos, startConversation, watchMessage, watchMessages } from './wiz';

export function createApp({
  url,
  tokens = memoryTokens(),
  guestSessionId,
  live = 'socket',
  persistedQueries = true,
  fetch = globalThis.fetch.bind(globalThis),
  webSocketImpl,
}: AppOptions): App {
  const session = new Session({ url, tokens, guestSessionId, fetch });
  const socket = live === 'socket' ? createSocket({ url, session, webSocketImpl }) : null;
  const newClient = () => createClient(session, { url, fetch, socket, persistedQueries });
  let client = newClient();
  // What was fetched for one user is none of the next one's business, and only a new client has an empty cache.
  session.onChange(() => {
    client = newClient();
  });
  return {
    session,
    register: (input) => register(client, session, input),
    signIn: (input) => signIn(client, session, input),
    signOut: () => session.signOut(),
    whoAmI: () => whoAmI(client),
    watchNotes: (pageSize, show) => watchNotes(client, pageSize, show),
    createNote: (video, note) => createNote(client, video, note),
    sampleVideos: () => sampleVideos(client),
    startConversation: (video) => startConversation(client, video),
    ask: (conversationId, text) => ask(client, conversationId, text),
    follow: (replyId) => followReply((after) => replyEvents(client, replyId, after)),
    readMessages: (conversationId) => readMessages(client, conversationId),
    watchMessages: (conversationId, show) => watchMessages(client, conversationId, show),
    watchMessage: (id, show) => watchMessage(client, id, show),
    close: () => void socket?.dispose(),
  };
}
