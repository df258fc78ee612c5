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
import { Checks, Stopped } from './rig/checks.mjs';
import { Place } from './rig/place.mjs';
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

if (unknown.length > 0) refuse(`no scenario ${unknown.join(', ')}; there are ${SCENARIOS.map(({ name }) => name).join(', ')}`);
if (!existsSync(binary)) refuse(`no program at ${binary}; run cargo build first, or name it with --finspect`);

const tally = { passed: 0, failed: 0 };
const place = new Place({ keep: options.keep });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => giveUp(signal));
setTimeout(() => giveUp(`${WHOLE_RUN / 60_000} minutes are over`), WHOLE_RUN).unref();
try {
  await all();
} finally {
  if (tally.failed > 0) place.tellLogs();
  await place.leave();
  if (options.keep) console.log(`kept ${place.folder}`);
}
console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);

/** Runs the scenarios, one after the other, against one server. */
async function all() {
  const counterparts = await guarded('counterparts', async (checks) => {
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
    await guarded(scenario.name, (checks) => scenario.run(checks, counterparts));
  }
}

/** Runs one scenario; what went wrong outside its steps is a failed check too. */
async function guarded(name, action) {
  const checks = new Checks(name, tally);
  try {
    return await action(checks);
  } catch (error) {
    if (!(error instanceof Stopped)) checks.that('it runs to its end', false, error.stack);
    return undefined;
  }
}

/** Ends the run in the middle of whatever it waits for. */
async function giveUp(why) {
  console.log(`FAIL  stopped: ${why}`);
  place.tellLogs();
  await place.leave();
  console.log(`\n${tally.passed} passed, ${tally.failed + 1} failed`);
  process.exit(1);
}

function refuse(why) {
  console.error(`run.mjs: ${why}`);
  process.exit(2);
}
