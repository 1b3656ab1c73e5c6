import { documents } from './documents';
import { notes } from './notes';
import { renewal } from './renewal';
import { replies } from './replies';
import { signingIn } from './signingIn';
import type { CreateApp, Outcome, Scenario, Stage } from './stage';

const SCENARIOS: Scenario[] = [...signingIn, ...renewal, ...notes, ...replies, ...documents];

/** Play all scenarios at the same time, since most of their time is waiting. */
export function play(createApp: CreateApp, stage: Stage): Promise<Outcome[]> {
  return Promise.all(
    SCENARIOS.map(async ({ name, play: playOne }) => {
      const began = Date.now();
      const outcome = (error: string | null) => ({ name, ok: error === null, error, seconds: (Date.now() - began) / 1000 });
      return playOne(createApp, stage).then(
        () => outcome(null),
        (error: unknown) => outcome(describe(error)),
      );
    }),
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
}
