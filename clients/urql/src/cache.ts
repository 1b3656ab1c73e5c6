import type { Exchange } from '@urql/core';
import { cacheExchange, type KeyingConfig } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import schema from '@vidwiz/api/introspection';
import { expectNote, showMessages, showNote } from './updates';

const isPart = () => null;

// What has no id is part of what it was found in.
const keys: KeyingConfig = {
  // But there is one viewer: fields that different queries ask of it belong together.
  Viewer: () => 'viewer',
  AuthTokens: isPart,
  Citation: isPart,
  ConversationConnection: isPart,
  ConversationEdge: isPart,
  InputProblem: isPart,
  MessageConnection: isPart,
  MessageEdge: isPart,
  NoteConnection: isPart,
  NoteEdge: isPart,
  PageInfo: isPart,
  WizQuota: isPart,
};

/** Everything with an id is kept once, so that a change shows wherever it is seen. */
export function cache(): Exchange {
  return cacheExchange({
    schema,
    keys,
    resolvers: { User: { notes: relayPagination(), conversations: relayPagination() } },
    optimistic: { noteCreate: expectNote },
    updates: { Mutation: { noteCreate: showNote, messageSend: showMessages } },
  });
}
