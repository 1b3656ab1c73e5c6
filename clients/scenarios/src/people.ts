import type { App, AppOptions, VideoParts } from '@vidwiz/api';
import { equal, truthy, until } from './expect';
import type { CreateApp } from './stage';

export const PASSWORD = 'correct horse';
export const QUESTION = 'Why does the tide come later each day?';

export function newEmail(): string {
  return `${crypto.randomUUID()}@example.com`;
}

/** An app with somebody new signed in. */
export async function signedUp(createApp: CreateApp, options: AppOptions): Promise<App> {
  const app = createApp(options);
  const registered = await app.register({ email: newEmail(), password: PASSWORD, name: 'Ada' });
  equal(registered.__typename, 'UserRegisterSuccess', 'registration');
  return app;
}

/** Wait until the access token that is held now has expired. */
export async function outlive(expiresAt: string): Promise<void> {
  await until(() => Date.now() > Date.parse(expiresAt) + 50, 'the access token expires');
}

export async function aVideo(app: App): Promise<VideoParts> {
  const [video] = await app.sampleVideos();
  truthy(video, 'there are no sample videos');
  return video;
}

/** A question asked in a new conversation. */
export async function asked(app: App): Promise<{ conversation: string; reply: string }> {
  const conversation = await app.startConversation(await aVideo(app));
  const sent = await app.ask(conversation, QUESTION);
  truthy(sent.__typename === 'MessageSendSuccess', `asking: ${JSON.stringify(sent)}`);
  return { conversation, reply: sent.reply.id };
}
