/** The official audits of GraphQL over HTTP, against the server at the given URL: one JSON line each. */
import { serverAudits } from 'graphql-http';

const url = process.argv[2];
if (!url) throw new Error('Give the URL of a server.');
for (const audit of serverAudits({ url, fetchFn: fetch })) {
  const result = await audit.fn();
  const reason = result.status === 'ok' ? null : result.reason;
  console.log(JSON.stringify({ id: audit.id, name: audit.name, status: result.status, reason }));
}
