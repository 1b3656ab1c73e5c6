import type { App, AppOptions } from '@vidwiz/api';

/** Addresses of the servers that the scenarios are played on, and of who can break them. */
export interface Stage {
  url: string;
  /** A proxy in front of `url`, whose connections `control` cuts. */
  fragile: string;
  /** Restarted by `control`. */
  restarted: string;
  /** Its access tokens are good for seconds, and its replies take longer. */
  brief: string;
  /** Takes POST /cut and POST /restart, and answers when it is done. */
  control: string;
}

export type CreateApp = (options: AppOptions) => App;

export interface Scenario {
  name: string;
  play(createApp: CreateApp, stage: Stage): Promise<void>;
}

export interface Outcome {
  name: string;
  ok: boolean;
  error: string | null;
  seconds: number;
}
