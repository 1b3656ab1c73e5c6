export interface Recorded {
  body: { query?: string; operationName?: string; extensions?: { persistedQuery?: unknown } };
  contentType: string | null;
}

/** A `fetch` that writes down what it sent, in order, and of which type the answer was. */
export function recordingFetch(): { fetch: typeof fetch; requests: Recorded[]; of(text: string): Recorded[] } {
  const requests: Recorded[] = [];
  return {
    requests,
    of: (text) => requests.filter(({ body }) => body.query?.includes(text) || body.operationName === text),
    fetch: async (input, init) => {
      const request: Recorded = { body: JSON.parse(String(init?.body)) as Recorded['body'], contentType: null };
      requests.push(request);
      const response = await fetch(input, init);
      request.contentType = response.headers.get('content-type');
      return response;
    },
  };
}

/** A WebSocket class that writes down with which codes its sockets are closed. */
export function recordingSocket(): { webSocketImpl: typeof WebSocket; closed: number[] } {
  const closed: number[] = [];
  class RecordingSocket extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener('close', ({ code }) => closed.push(code));
    }
  }
  return { webSocketImpl: RecordingSocket, closed };
}
