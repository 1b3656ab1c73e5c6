import type {
  MessagePartsFragment,
  MessagesQuery,
  NoteCountQuery,
  NotePartsFragment,
  ShownNotesQuery,
} from '../generated/operations';

// Without their types' names the caches could not store what is put into them.
const NOTE_EDGE = { __typename: 'NoteEdge', cursor: '' };
const MESSAGE_EDGE = { __typename: 'MessageEdge', cursor: '' };

/** The list with the note in front: the newest come first. */
export function withNote(shown: ShownNotesQuery, note: NotePartsFragment): ShownNotesQuery {
  const { user } = shown.viewer;
  if (user === null) return shown;
  const { totalCount, edges } = user.notes;
  const notes = { ...user.notes, totalCount: totalCount + 1, edges: [{ ...NOTE_EDGE, node: note }, ...edges] };
  return { ...shown, viewer: { ...shown.viewer, user: { ...user, notes } } };
}

/** The count that came with a later page. */
export function withOneMore(shown: NoteCountQuery): NoteCountQuery {
  const { user } = shown.viewer;
  if (user === null) return shown;
  const notes = { ...user.notes, totalCount: user.notes.totalCount + 1 };
  return { ...shown, viewer: { ...shown.viewer, user: { ...user, notes } } };
}

/** The conversation with a question and the answer to come. */
export function withMessages(shown: MessagesQuery, sent: MessagePartsFragment[]): MessagesQuery {
  const { conversation } = shown;
  if (conversation === null) return shown;
  const edges = [...conversation.messages.edges, ...sent.map((node) => ({ ...MESSAGE_EDGE, node }))];
  return { ...shown, conversation: { ...conversation, messages: { ...conversation.messages, edges } } };
}
