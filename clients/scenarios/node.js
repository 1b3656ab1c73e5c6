// Plays a bundle of scenarios under Node: `node node.js ../dist/apollo.js '{"url": …}'` prints the outcomes as JSON.
import { pathToFileURL } from 'node:url';
import { WebSocket } from 'ws';

// Node has one of its own from release 22 on.
globalThis.WebSocket ??= WebSocket;

const [bundle, stage] = process.argv.slice(2);
const { default: play } = await import(pathToFileURL(bundle));
process.stdout.write(JSON.stringify(await play(JSON.parse(stage))), () => process.exit(0));
