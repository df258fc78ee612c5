// Answers that come late, and before the desk loses patience.

import { startSlowRelay } from '../../rig/slow-relay.mjs';

/** What has to be seen where an answer is late by so many tenths of an interval or more. */
export const late = (tenths) => [`an answer is late by ${tenths} tenths of an interval`, (recording, { interval }) =>
  recording.pings().some(({ at, answer }) => answer && answer.at - at >= tenths * interval * 100)];

export const healthy = [
  { name: 'slow-tenth', shown: late(1), make: (fault) => delayed(fault, () => 0.1, true) },
  { name: 'slow-three-tenths', shown: late(3), make: (fault) => delayed(fault, () => 0.3, true) },
  { name: 'slow-six-tenths', quick: true, shown: late(6), make: (fault) => delayed(fault, () => 0.6) },
  { name: 'slow-jitter', shown: late(5), make: (fault) => delayed(fault, inTurn([0.05, 0.6, 0.2, 0.45, 0.02, 0.3, 0.55, 0.1])) },
  { name: 'slow-rising', shown: late(5), make: (fault) => delayed(fault, rising()) },
  { name: 'slow-spike', shown: late(6), make: (fault) => spike(fault, 1) },
  { name: 'slow-spikes', shown: late(6), make: (fault) => spike(fault, 3) },
];

/** Answers are late by what `delay` gives, in intervals, from the login on or after it. */
async function delayed(fault, delay, fromLogin = false) {
  const relay = await startSlowRelay(fault.stage.place, fault.front);
  const slow = () => {
    relay.delay = () => delay() * fault.interval;
  };
  if (fromLogin) slow();
  const desk = await fault.calm(relay.address);
  await fault.checks.step('answers are late, and the desk stays connected', async () => {
    slow();
    await desk.pings(6);
  });
}

/** Single answers that are late by seven tenths of an interval. */
async function spike(fault, count) {
  const relay = await startSlowRelay(fault.stage.place, fault.front);
  const desk = await fault.calm(relay.address);
  await fault.checks.step('single answers are late, and the desk stays connected', async () => {
    for (let number = 0; number < count; number += 1) {
      relay.delay = 0.7 * fault.interval;
      await desk.pings(1);
      relay.delay = 0;
      await desk.pings(2);
    }
  });
}

/** Delays that look like chance and are the same each time. */
export function inTurn(delays) {
  let next = 0;
  return () => delays[next++ % delays.length];
}

/** Each later than the one before. */
function rising() {
  let next = 0;
  return () => Math.min(0.65, 0.1 * next++);
}
