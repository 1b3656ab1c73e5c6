import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './main.css';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { fetcher } from './fetcher';
import { guestSessionId } from './guestSession';
import { defaultHeaders } from './headers';
import { SharedHeaders } from './SharedHeaders';
import { startTab, tourTabs } from './tabs';

const headers = defaultHeaders(guestSessionId());
const tour = tourTabs(headers);
const start = startTab(tour);

createRoot(document.getElementById('root')!).render(
  <GraphiQL
    fetcher={fetcher}
    shouldPersistHeaders
    defaultHeaders={headers}
    defaultTabs={tour}
    initialQuery={start.query}
    initialVariables={start.variables}
    initialHeaders={start.headers}
  >
    <SharedHeaders initial={start.headers || headers} />
  </GraphiQL>,
);
