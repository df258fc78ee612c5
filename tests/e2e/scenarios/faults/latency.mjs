// Answers that come, but later than the desk waits for them.

import { startSlowRelay } from '../../rig/slow-relay.mjs';

/** How late an answer comes, in intervals of the ping: later than the next ping. */
const LATE = 2.5;

export const faults = [
  {
    name: 'latency-spike',
    rule: 'latency-spike',
    async make(fault) {
      const relay = await startSlowRelay(fault.stage.place, fault.front);
      const desk = await fault.calm(relay.address);
      await fault.checks.step('answers come late, and the desk gives up', async () => {
        relay.delay = LATE * fault.interval;
        await desk.until('disconnected');
        await fault.told('an answer that came too late', (recording) => late(recording).length > 0);
      });
      await fault.checks.step('answers are quick again and the desk is back', async () => {
        relay.delay = 0;
        await desk.until('connected', 2);
        await desk.pings(2);
      });
    },
    signature(recording, checks, { interval }) {
      const answers = late(recording);
      checks.that('a ping is answered after the next one was sent', answers.length > 0);
      const slowest = Math.max(...answers.map(({ at, answer }) => answer.at - at));
      checks.that(`as late as the path makes it (${slowest} µs)`, slowest >= LATE * interval * 1000);
      checks.that('nothing is lost on the way', recording.readings('retransmitting', 'upstream').length === 0);
      checks.that('the agent is bound again', recording.bound().length === 2, String(recording.bound()));
    },
  },
];

/** Pings whose answer came after the next ping. */
function late(recording) {
  const pings = recording.pings();
  return pings.filter(({ connection, answer }, index) => answer && connection === pings[index + 1]?.connection
    && answer.at > pings[index + 1].at);
}
