import { type ApolloClient, CombinedGraphQLErrors } from '@apollo/client';
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
  withMessages,
} from '@vidwiz/api';
import { answered } from './answered';
import { iterate } from './iterate';

export async function sampleVideos(client: ApolloClient): Promise<VideoParts[]> {
  return answered(await client.query({ query: SampleVideosDocument })).sampleVideos;
}

export async function startConversation(client: ApolloClient, video: VideoParts): Promise<string> {
  const variables = { input: { video: { id: video.id } } };
  const { conversationCreate } = answered(await client.mutate({ mutation: StartConversationDocument, variables }));
  if (conversationCreate.__typename !== 'ConversationCreateSuccess') throw new Error(conversationCreate.reason);
  return conversationCreate.conversation.id;
}

export async function ask(client: ApolloClient, conversationId: string, text: string): Promise<AskMutation['messageSend']> {
  const result = await client.mutate({
    mutation: AskDocument,
    variables: { input: { conversationId, text } },
    update: (cache, { data: answer }) => {
      const sent = answer?.messageSend;
      if (sent?.__typename !== 'MessageSendSuccess') return;
      cache.updateQuery({ query: MessagesDocument, variables: { conversationId } }, (shown) =>
        shown === null ? undefined : withMessages(shown, [sent.message, sent.reply]),
      );
    },
  });
  return answered(result).messageSend;
}

/** One attempt. The last event brings the stored message into the cache, and to all who watch it. */
export async function* replyEvents(
  client: ApolloClient,
  messageId: string,
  after: string | null,
): AsyncGenerator<ReplyEvent> {
  const results = client.subscribe({ query: FollowReplyDocument, variables: { messageId, after } });
  for await (const { data, error } of iterate(results)) {
    if (error !== undefined) throw isRefusal(error) ? error : new ConnectionLost(error.message);
    if (data) yield data.wizReply;
  }
}

/** Not when the connection broke, the server was about to shut down, or the token expired under way, once again. */
function isRefusal(error: unknown): boolean {
  return CombinedGraphQLErrors.is(error) && !isSignedOut(error.errors);
}

export async function readMessages(client: ApolloClient, conversationId: string): Promise<MessagePartsFragment[]> {
  const query = { query: MessagesDocument, variables: { conversationId }, fetchPolicy: 'no-cache' as const };
  return messagesOf(answered(await client.query(query)));
}

export function watchMessages(
  client: ApolloClient,
  conversationId: string,
  show: (messages: MessagePartsFragment[]) => void,
): Stop {
  const query = client.watchQuery({ query: MessagesDocument, variables: { conversationId } });
  const subscription = query.subscribe(({ data, dataState }) => {
    if (dataState === 'complete') show(messagesOf(data));
  });
  return () => subscription.unsubscribe();
}

export function watchMessage(client: ApolloClient, id: string, show: (message: MessagePartsFragment) => void): Stop {
  const query = client.watchQuery({ query: MessageDocument, variables: { id } });
  const subscription = query.subscribe(({ data, dataState }) => {
    if (dataState === 'complete' && data.node?.__typename === 'Message') show(data.node);
  });
  return () => subscription.unsubscribe();
}

function messagesOf({ conversation }: MessagesQuery): MessagePartsFragment[] {
  return conversation?.messages.edges.map((edge) => edge.node) ?? [];
}
