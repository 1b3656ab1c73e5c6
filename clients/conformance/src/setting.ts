/** The server that a script was given, and what is made there before a cell is tried; none of it by the client under test. */
import { randomUUID } from 'node:crypto';
import { CONVERSE, SEND, type Operation, type Result } from './operations.ts';

export interface Setting {
  /** Of the GraphQL endpoint. */
  url: string;
  /** A good token but for its date. */
  expiredToken: string;
  /** How many operations it takes on one socket. */
  streamsAtOnce: number;
}

export type Headers = Record<string, string>;

export function setting(): Setting {
  return JSON.parse(process.argv[2] ?? '') as Setting;
}

export function webSocketUrl(url: string): string {
  return url.replace(/^http/, 'ws');
}

export function aGuest(): Headers {
  return { 'X-Guest-Session-ID': randomUUID() };
}

export async function post(url: string, headers: Headers, operation: Operation): Promise<Result> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(operation),
  });
  return (await response.json()) as Result;
}

async function conversation(url: string, guest: Headers, youtube: string): Promise<{ id: string; video: { id: string } }> {
  const answer = await post(url, guest, { query: CONVERSE, variables: { video: { youtube } } });
  return answer.data.conversationCreate.conversation;
}

/** The id of a video that is ready. */
export async function aVideo(url: string, guest: Headers): Promise<string> {
  return (await conversation(url, guest, 'sample-tide')).video.id;
}

/** The id of one that never will be, since nothing can be fetched: its stream stays open. */
export async function anUnreachableVideo(url: string, guest: Headers): Promise<string> {
  return (await conversation(url, guest, 'dQw4w9WgXcQ')).video.id;
}

/** The id of a reply that is being written. */
export async function aReply(url: string, guest: Headers): Promise<string> {
  const { id } = await conversation(url, guest, 'sample-tide');
  const variables = { conversation: id, text: 'Why does the tide come later each day?' };
  const answer = await post(url, guest, { query: SEND, variables });
  return answer.data.messageSend.reply.id;
}
