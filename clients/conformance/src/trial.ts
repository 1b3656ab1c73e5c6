/** Tries a client by one of its transports. */
import { features, said } from './features.ts';
import type { Setting } from './setting.ts';
import type { Way } from './ways.ts';

const CELL_SECONDS = 20;

export async function tryAll(client: string, way: Way, setting: Setting): Promise<void> {
  for (const [feature, tried] of Object.entries(features)) {
    const cell = { client, transport: way.transport, feature };
    try {
      const evidence = await inTime(tried(way, setting));
      console.log(JSON.stringify({ ...cell, works: evidence && true, ...evidence }));
    } catch (error) {
      console.log(JSON.stringify({ ...cell, works: false, reason: said(error) }));
    }
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end in ${CELL_SECONDS} s`)), CELL_SECONDS * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
