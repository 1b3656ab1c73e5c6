import signIn from './tabs/1-sign-in.graphql?raw';
import signInVariables from './tabs/1-sign-in.json?raw';
import videos from './tabs/2-videos.graphql?raw';
import readiness from './tabs/3-readiness.graphql?raw';
import readinessVariables from './tabs/3-readiness.json?raw';
import notes from './tabs/4-notes.graphql?raw';
import askWiz from './tabs/5-ask-wiz.graphql?raw';
import askWizVariables from './tabs/5-ask-wiz.json?raw';

interface Tab {
  query: string;
  variables: string;
  headers: string;
}

/** The tour that a first visit opens with. */
export function tourTabs(headers: string): Tab[] {
  return [
    { query: signIn, variables: signInVariables, headers },
    { query: videos, variables: '', headers },
    { query: readiness, variables: readinessVariables, headers },
    { query: notes, variables: '', headers },
    { query: askWiz, variables: askWizVariables, headers },
  ];
}

/**
 * The tab that this load starts with: the one left open, or the first of the tour.
 * GraphiQL restores the list of tabs itself, but leaves the editors of the active one empty,
 * or opens an untitled tab, unless it is told their contents.
 */
export function startTab(tour: Tab[]): Tab {
  try {
    const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem('graphiql:tabState') ?? '');
    const { query, variables, headers } = tabs[activeTabIndex];
    return { query: query ?? '', variables: variables ?? '', headers: headers ?? '' };
  } catch {
    return tour[0];
  }
}
