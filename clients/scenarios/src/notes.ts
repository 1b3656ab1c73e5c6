import type { App, NotePage } from '@vidwiz/api';
import { equal, truthy, until } from './expect';
import { aVideo, signedUp } from './people';
import type { Scenario } from './stage';

export const notes: Scenario[] = [
  {
    name: 'pages of notes become one list',
    async play(createApp, { url }) {
      const app = await signedUp(createApp, { url });
      const video = await aVideo(app);
      for (const timestamp of ['0:01', '0:02', '0:03', '0:04', '0:05', '0:06', '0:07']) {
        await app.createNote(video, { timestamp });
      }
      const { pages, list } = watch(app, 3);
      await until(() => pages.length > 0, 'the first page');
      await list.loadMore();
      await list.loadMore();
      await until(() => pages.at(-1)?.hasMore === false, 'the last page');
      const last = pages.at(-1);
      equal(stamps(last), ['0:07', '0:06', '0:05', '0:04', '0:03', '0:02', '0:01'], 'the list');
      equal(last?.totalCount, 7, 'count');
      // A new one belongs in front of them all, however many were loaded.
      await app.createNote(video, { timestamp: '0:08' });
      await until(() => pages.at(-1)?.totalCount === 8, 'the new note');
      equal(stamps(pages.at(-1)), ['0:08', '0:07', '0:06', '0:05', '0:04', '0:03', '0:02', '0:01'], 'the longer list');
      list.stop();
      app.close();
    },
  },
  {
    name: 'a new note shows before the server has answered',
    async play(createApp, { url }) {
      const app = await signedUp(createApp, { url });
      const video = await aVideo(app);
      const { pages, list } = watch(app, 5);
      await until(() => pages.length > 0, 'the first page');
      let isAnswered = false;
      const creation = app.createNote(video, { timestamp: '1:23', text: 'It shows.' }).finally(() => {
        isAnswered = true;
      });
      await until(() => pages.at(-1)?.totalCount === 1, 'the expected note');
      equal(isAnswered, false, 'answered already');
      truthy(pages.at(-1)?.notes[0]?.id.startsWith('new:'), 'the note has an id of ours');
      const created = await creation;
      truthy(created.__typename === 'NoteCreateSuccess', 'not created');
      await until(() => pages.at(-1)?.notes[0]?.id === created.note.id, 'the real note');
      equal(pages.at(-1)?.notes.map(({ startSeconds, text }) => [startSeconds, text]), [[83, 'It shows.']], 'the list');
      list.stop();
      app.close();
    },
  },
  {
    name: 'a note that is refused is taken back',
    async play(createApp, { url }) {
      const app = await signedUp(createApp, { url });
      const video = await aVideo(app);
      await app.createNote(video, { timestamp: '0:01' });
      const { pages, list } = watch(app, 5);
      await until(() => pages.length > 0, 'the first page');
      const refused = await app.createNote(video, { timestamp: 'soon' });
      truthy(refused.__typename === 'InvalidInput', 'not refused');
      equal(refused.problems.map(({ path }) => path), [['timestamp']], 'problems');
      await until(() => pages.at(-1)?.totalCount === 1, 'the note is gone');
      equal(stamps(pages.at(-1)), ['0:01'], 'the list');
      truthy(pages.some((page) => page.totalCount === 2 && page.notes[0]?.timestamp === 'soon'), 'it was never shown');
      list.stop();
      app.close();
    },
  },
];

function watch(app: App, pageSize: number) {
  const pages: NotePage[] = [];
  return { pages, list: app.watchNotes(pageSize, (page) => pages.push(page)) };
}

function stamps(page: NotePage | undefined): string[] | undefined {
  return page?.notes.map(({ timestamp }) => timestamp);
}
