import type { Client } from '@urql/core';
import {
  CreateNoteDocument,
  type CreateNoteMutation,
  type NewNote,
  type NoteList,
  type NotePage,
  NotesDocument,
  type NotesQuery,
  type VideoParts,
} from '@vidwiz/api';
import { answered } from './answered';

export function watchNotes(client: Client, pageSize: number, show: (page: NotePage) => void): NoteList {
  let after: string | null | undefined;
  let stop = () => {};

  /** The cache answers with all pages up to this one, so that watching the last is watching them all. */
  function watch(cursor: string | null | undefined): Promise<void> {
    const before = stop;
    return new Promise((resolve) => {
      const subscription = client.query(NotesDocument, { first: pageSize, after: cursor }).subscribe(({ data, stale }) => {
        // Stale is what the cache has of it, while the page is on its way.
        if (data === undefined || stale) return;
        before();
        after = data.viewer.user?.notes.pageInfo.endCursor;
        show(pageOf(data));
        resolve();
      });
      stop = () => subscription.unsubscribe();
    });
  }

  void watch(undefined);
  return { loadMore: () => watch(after), stop: () => stop() };
}

export async function createNote(
  client: Client,
  video: VideoParts,
  note: NewNote,
): Promise<CreateNoteMutation['noteCreate']> {
  const input = { video: { id: video.id }, ...note };
  return answered(await client.mutation(CreateNoteDocument, { input }).toPromise()).noteCreate;
}

function pageOf({ viewer: { user } }: NotesQuery): NotePage {
  if (user === null) return { notes: [], totalCount: 0, hasMore: false };
  const { edges, totalCount, pageInfo } = user.notes;
  return { notes: edges.map((edge) => edge.node), totalCount, hasMore: pageInfo.hasNextPage };
}
