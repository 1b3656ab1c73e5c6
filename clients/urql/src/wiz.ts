import type { Client, CombinedError } from '@urql/core';
import {
  AskDocument,
  type AskMutation,
  ConnectionLost,
  FollowReplyDocument,
  isSignedOut,
  MessageDocument,
  type MessagePartsFragment,
  MessagesDocument,
  type MessagesQuery,
  type ReplyEvent,
  SampleVideosDocument,
  StartConversationDocument,
  type Stop,
  type VideoParts,
} from '@vidwiz/api';
import { toAsyncIterable } from 'wonka';
import { answered } from './answered';

export async function sampleVideos(client: Client): Promise<VideoParts[]> {
  return answered(await client.query(SampleVideosDocument, {}).toPromise()).sampleVideos;
}

export async function startConversation(client: Client, video: VideoParts): Promise<string> {
  const input = { video: { id: video.id } };
  const { conversationCreate } = answered(await client.mutation(StartConversationDocument, { input }).toPromise());
  if (conversationCreate.__typename !== 'ConversationCreateSuccess') throw new Error(conversationCreate.reason);
  return conversationCreate.conversation.id;
}

export async function ask(client: Client, conversationId: string, text: string): Promise<AskMutation['messageSend']> {
  const result = await client.mutation(AskDocument, { input: { conversationId, text } }).toPromise();
  return answered(result).messageSend;
}

/** One attempt. The last event brings the stored message into the cache, and to all who watch it. */
export async function* replyEvents(
  client: Client,
  messageId: string,
  after: string | null,
): AsyncGenerator<ReplyEvent> {
  for await (const result of toAsyncIterable(client.subscription(FollowReplyDocument, { messageId, after }))) {
    if (result.error && !isRefusal(result.error)) throw new ConnectionLost(result.error.message);
    yield answered(result).wizReply;
  }
}

/** Not when the connection broke, or the token expired under way, once again. */
function isRefusal({ networkError, graphQLErrors }: CombinedError): boolean {
  return networkError === undefined && !isSignedOut(graphQLErrors);
}

export async function readMessages(client: Client, conversationId: string): Promise<MessagePartsFragment[]> {
  const past = { requestPolicy: 'network-only' } as const;
  return messagesOf(answered(await client.query(MessagesDocument, { conversationId }, past).toPromise()));
}

export function watchMessages(
  client: Client,
  conversationId: string,
  show: (messages: MessagePartsFragment[]) => void,
): Stop {
  const subscription = client.query(MessagesDocument, { conversationId }).subscribe(({ data }) => {
    if (data) show(messagesOf(data));
  });
  return () => subscription.unsubscribe();
}

export function watchMessage(client: Client, id: string, show: (message: MessagePartsFragment) => void): Stop {
  const subscription = client.query(MessageDocument, { id }).subscribe(({ data }) => {
    if (data?.node?.__typename === 'Message') show(data.node);
  });
  return () => subscription.unsubscribe();
}

function messagesOf({ conversation }: MessagesQuery): MessagePartsFragment[] {
  return conversation?.messages.edges.map((edge) => edge.node) ?? [];
}
