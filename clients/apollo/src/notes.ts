import type { ApolloCache, ApolloClient } from '@apollo/client';
import {
  CreateNoteDocument,
  type CreateNoteMutation,
  expectedNote,
  type NewNote,
  type NoteList,
  type NotePage,
  NotesDocument,
  type NotesQuery,
  ShownNotesDocument,
  type VideoParts,
  withNote,
} from '@vidwiz/api';
import { answered } from './answered';

type Created = CreateNoteMutation['noteCreate'];

export function watchNotes(client: ApolloClient, pageSize: number, show: (page: NotePage) => void): NoteList {
  const query = client.watchQuery({ query: NotesDocument, variables: { first: pageSize } });
  const subscription = query.subscribe(({ data, dataState }) => {
    if (dataState === 'complete') show(pageOf(data));
  });
  return {
    loadMore: async () => {
      const shown = client.readQuery({ query: NotesDocument, variables: { first: pageSize } });
      // The cache adds the page to those before it.
      await query.fetchMore({ variables: { after: shown?.viewer.user?.notes.pageInfo.endCursor } });
    },
    stop: () => subscription.unsubscribe(),
  };
}

export async function createNote(client: ApolloClient, video: VideoParts, note: NewNote): Promise<Created> {
  const result = await client.mutate({
    mutation: CreateNoteDocument,
    variables: { input: { video: { id: video.id }, ...note } },
    optimisticResponse: { noteCreate: { __typename: 'NoteCreateSuccess', note: expectedNote(video, note) } },
    // First with what is expected, which is then taken back whatever the answer, and again with the answer.
    update: (cache, { data: answer }) => {
      if (answer) showNote(cache, answer.noteCreate as Created);
    },
  });
  return answered(result).noteCreate;
}

function showNote(cache: ApolloCache, created: Created): void {
  if (created.__typename !== 'NoteCreateSuccess') return;
  // The pages are one list in the cache, whatever their size was.
  cache.updateQuery({ query: ShownNotesDocument, variables: { first: 1 } }, (shown) =>
    shown === null ? undefined : withNote(shown, created.note),
  );
}

function pageOf({ viewer: { user } }: NotesQuery): NotePage {
  if (user === null) return { notes: [], totalCount: 0, hasMore: false };
  const { edges, totalCount, pageInfo } = user.notes;
  return { notes: edges.map((edge) => edge.node), totalCount, hasMore: pageInfo.hasNextPage };
}
