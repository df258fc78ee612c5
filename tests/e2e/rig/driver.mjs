// What every driver does: one place, one count of checks, an end whatever happens.

import { Checks, Stopped } from './checks.mjs';
import { Place } from './place.mjs';

/**
 * Runs `action` in a new place within `bound` milliseconds and ends the process: 0 if checks passed and none failed.
 * After a failure the end of the logs is printed whose title is `telling`.
 */
export async function drive({ keep, bound, telling }, action) {
  const tally = { passed: 0, failed: 0 };
  const place = new Place({ keep });
  let over = false;
  const giveUp = async (why) => {
    if (over) return;
    over = true;
    tally.failed += 1;
    console.log(`FAIL  stopped: ${why}`);
    await conclude(place, tally, telling);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => giveUp(signal));
  setTimeout(() => giveUp(`${bound / 60_000} minutes are over`), bound).unref();
  try {
    await action({ place, tally, giveUp });
  } catch (error) {
    tally.failed += 1;
    console.log(`FAIL  ${error.stack}`);
  }
  if (!over) await conclude(place, tally, telling);
}

/** Runs one scenario; what went wrong outside its steps is a failed check too. */
export async function guarded(name, tally, action) {
  const checks = new Checks(name, tally);
  try {
    return await action(checks);
  } catch (error) {
    if (!(error instanceof Stopped)) checks.that('it runs to its end', false, error.stack);
    return undefined;
  }
}

/** Says why nothing is run, and ends. */
export function refuse(driver, why) {
  console.error(`${driver}: ${why}`);
  process.exit(2);
}

async function conclude(place, tally, telling) {
  if (tally.failed > 0) place.tellLogs(telling);
  await place.leave();
  if (place.keep) console.log(`kept ${place.folder}`);
  console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
  process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);
}
