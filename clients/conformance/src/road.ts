/** A road to the server that can be cut: everybody's connection is lost, and new ones are taken at once. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Road {
  /** The server's URL by this road. */
  url: string;
  cut(): void;
  close(): void;
}

export async function road(url: string): Promise<Road> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const cut = () => sockets.forEach((socket) => socket.resetAndDestroy());
  const listener = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => sockets.delete(one) && other.destroy());
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const here = new URL(url);
  here.port = String((listener.address() as AddressInfo).port);
  return { url: here.href, cut, close: () => (cut(), listener.close()) };
}
