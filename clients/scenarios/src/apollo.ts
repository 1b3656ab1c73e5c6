import { createApp } from '@vidwiz/apollo';
import { play } from './index';
import type { Outcome, Stage } from './stage';

export default (stage: Stage): Promise<Outcome[]> => play(createApp, stage);
