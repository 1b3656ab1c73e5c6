import type { Cache, OptimisticMutationResolver, UpdateResolver } from '@urql/exchange-graphcache';
import {
  type AskMutation,
  type AskMutationVariables,
  type CreateNoteMutation,
  type CreateNoteMutationVariables,
  expectedNote,
  MessagesDocument,
  NoteCountDocument,
  type NoteCountQueryVariables,
  type NotePartsFragment,
  ShownNotesDocument,
  withMessages,
  withNote,
  withOneMore,
} from '@vidwiz/api';

/** What a new note will most likely be; taken back when the answer is there, whatever it is. */
export const expectNote: OptimisticMutationResolver<CreateNoteMutationVariables> = ({ input }, cache) => {
  const { id } = input.video;
  if (id === undefined) return null; // a video we may not know yet: nothing is shown before the answer
  const title = cache.resolve({ __typename: 'Video', id }, 'title') as string | null;
  return { __typename: 'NoteCreateSuccess', note: expectedNote({ id, title }, input) };
};

/** Called with what is expected, too. */
export const showNote: UpdateResolver<CreateNoteMutation, CreateNoteMutationVariables> = ({ noteCreate }, _, cache) => {
  if (noteCreate.__typename !== 'NoteCreateSuccess') return;
  const user = cache.resolve('Viewer:viewer', 'user') as string | null | undefined;
  for (const { fieldName, arguments: args } of user ? cache.inspectFields(user) : []) {
    if (fieldName === 'notes' && args !== null) showIn(cache, args as NoteCountQueryVariables, noteCreate.note);
  }
};

export const showMessages: UpdateResolver<AskMutation, AskMutationVariables> = ({ messageSend }, { input }, cache) => {
  if (messageSend.__typename !== 'MessageSendSuccess') return;
  const { message, reply } = messageSend;
  const variables = { conversationId: input.conversationId };
  cache.updateQuery({ query: MessagesDocument, variables }, (shown) => shown && withMessages(shown, [message, reply]));
};

/** Graphcache keeps each page as it came: the note belongs in the first ones, but it counts in all of them. */
function showIn(cache: Cache, page: NoteCountQueryVariables, note: NotePartsFragment): void {
  if (page.after) {
    cache.updateQuery({ query: NoteCountDocument, variables: page }, (shown) => shown && withOneMore(shown));
  } else {
    const variables = { first: page.first };
    cache.updateQuery({ query: ShownNotesDocument, variables }, (shown) => shown && withNote(shown, note));
  }
}
