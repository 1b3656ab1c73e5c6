import { InMemoryCache } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import generated from '@vidwiz/api/possibleTypes';

/** Everything with an id is kept once, so that a change shows wherever it is seen. */
export function createCache(): InMemoryCache {
  return new InMemoryCache({
    // Which types a fragment on a union or an interface is meant for.
    possibleTypes: generated.possibleTypes,
    typePolicies: {
      // There is one viewer: fields that different queries ask of it belong together.
      Viewer: { keyFields: [] },
      // Each event takes the place of the one before.
      Subscription: { fields: { wizReply: { merge: false } } },
      User: { fields: { notes: relayStylePagination(), conversations: relayStylePagination() } },
      Video: { fields: { notes: relayStylePagination(), transcript: relayStylePagination() } },
      Conversation: { fields: { messages: relayStylePagination() } },
    },
  });
}
