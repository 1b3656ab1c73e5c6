/** Tries every client by all its transports: one JSON line a cell of the table. Given is a `Setting`, as JSON. */
import { apollo } from './apollo.ts';
import { graphqlSse } from './graphql_sse.ts';
import { graphqlWs } from './graphql_ws.ts';
import { setting } from './setting.ts';
import { tryAll } from './trial.ts';
import { urql } from './urql.ts';

const clients = { Apollo: apollo, urql, 'graphql-ws': graphqlWs, 'graphql-sse': graphqlSse };
const given = setting();
const trials = Object.entries(clients).flatMap(([client, ways]) => ways.map((way) => tryAll(client, way, given)));
await Promise.all(trials);
process.exit(0); // clients may hold connections and timers
