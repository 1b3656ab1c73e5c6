import type { NoteCreateInput, NotePartsFragment, SampleVideosQuery } from '../generated/operations';

export type VideoParts = Pick<SampleVideosQuery['sampleVideos'][number], 'id' | 'title'>;

export type NewNote = Pick<NoteCreateInput, 'timestamp' | 'text'>;

/** The note as the server will most likely make it, with an id of our own until it does. */
export function expectedNote(video: VideoParts, { timestamp, text }: NewNote): NotePartsFragment {
  const note = {
    __typename: 'Note',
    id: `new:${crypto.randomUUID()}`,
    timestamp,
    startSeconds: null,
    text: text ?? null,
    aiStatus: 'NONE' as const,
    createdAt: new Date().toISOString(),
    video: { __typename: 'Video', id: video.id, title: video.title },
  };
  return note;
}
