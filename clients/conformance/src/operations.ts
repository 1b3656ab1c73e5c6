/** What the cells ask for. */

export interface Operation {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

export interface Problem {
  message: string;
  path?: readonly (string | number)[];
  extensions?: Record<string, unknown>;
}

/** What a client says of an answer, or of one event, whatever it calls the parts. */
export interface Result {
  data?: any; // the shape is the operation's
  errors?: readonly Problem[];
}

export const VERSION = '{ server { version } }';
export const WHO = '{ viewer { kind } }';
export const UNKNOWN_FIELD = '{ nothing }';
/** One field is null, with an error. */
export const ONE_FIELD_FAILS = `
  { server { version } video(by: { youtube: "sample-tide" }) { transcript(after: "no cursor") { totalCount } } }
`;
export const BY_ID = 'query ById($id: ID!) { node(id: $id) { id } }';
export const NAMED = 'query Named { server { version } }';
export const TWO_QUERIES = 'query First { viewer { kind } } query Second { server { version } }';

export const CONVERSE = `
  mutation Converse($video: VideoRef!) {
    conversationCreate(input: { video: $video }) {
      __typename
      ... on ConversationCreateSuccess { conversation { id video { id } } }
    }
  }
`;
export const SEND = `
  mutation Send($conversation: ID!, $text: String!) {
    messageSend(input: { conversationId: $conversation, text: $text }) {
      __typename
      ... on MessageSendSuccess { reply { id } }
    }
  }
`;
export const READINESS = `
  subscription Readiness($id: ID!) {
    videoReadiness(videoId: $id, timeoutSeconds: 60) {
      __typename
      ... on VideoSnapshot { video { id } }
    }
  }
`;
export const UNKNOWN_STREAM = 'subscription { nothing }';
export const EVENT_FAILS = `
  subscription EventFails($id: ID!) {
    videoReadiness(videoId: $id, timeoutSeconds: 60) {
      __typename
      ... on VideoSnapshot { video { transcript(after: "no cursor") { totalCount } } }
    }
  }
`;
export const REPLY = `
  subscription Reply($id: ID!, $after: String) {
    wizReply(messageId: $id, after: $after) {
      __typename
      ... on StreamEvent { position }
      ... on ReplySnapshot { text }
      ... on ReplyDelta { text }
      ... on ReplyDone { message { content } }
    }
  }
`;
