// finspect between real counterparts: Prosody, Strophe.js in headless Chromium, curl.
//
//   node run.mjs [--finspect PROGRAM] [--keep] [SCENARIO…]
//
// One line a check, and `N passed, N failed` at the end. Everything happens on the loopback interface and in one
// temporary folder; whatever was started is ended, whatever happens.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drive, guarded, refuse } from './rig/driver.mjs';
import { startProsody } from './rig/prosody.mjs';
import { Publisher } from './rig/publisher.mjs';
import { NODE } from './rig/session.mjs';
import * as curl from './scenarios/curl.mjs';
import * as desktop from './scenarios/desktop.mjs';
import * as distrust from './scenarios/distrust.mjs';
import * as killed from './scenarios/killed.mjs';
import * as strophe from './scenarios/strophe.mjs';

/** Every scenario, in the order in which they run. */
const SCENARIOS = [curl, strophe, desktop, killed, distrust];

/** Milliseconds for all of it; a hang must not hold a build for longer. */
const WHOLE_RUN = 8 * 60_000;

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { finspect: { type: 'string' }, keep: { type: 'boolean' } },
});
const binary = options.finspect ? resolve(options.finspect) : fileURLToPath(new URL('../../target/debug/finspect', import.meta.url));
const scenarios = SCENARIOS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const unknown = wanted.filter((one) => !SCENARIOS.some(({ name }) => name === one));

if (unknown.length > 0) {
  refuse('run.mjs', `no scenario ${unknown.join(', ')}; there are ${SCENARIOS.map(({ name }) => name).join(', ')}`);
}
if (!existsSync(binary)) refuse('run.mjs', `no program at ${binary}; run cargo build first, or name it with --finspect`);

await drive({ keep: options.keep, bound: WHOLE_RUN }, all);

/** Runs the scenarios, one after the other, against one server. */
async function all({ place, tally }) {
  const counterparts = await guarded('counterparts', tally, async (checks) => {
    const prosody = await checks.step('Prosody starts', () => startProsody(place));
    const publisher = await checks.step('a publisher logs in and makes the node', async () => {
      const entered = await Publisher.enter(prosody);
      place.onLeave(() => entered.leave());
      await entered.create(NODE);
      return entered;
    });
    return { place, binary, prosody, publisher };
  });
  if (!counterparts) return;
  for (const scenario of scenarios) {
    await guarded(scenario.name, tally, (checks) => scenario.run(checks, counterparts));
  }
}
