// Programs that stand still for a while, shorter than the desk waits.

import { apart } from '../faults/hidden.mjs';
import { late } from './slow.mjs';

/** What has to be seen where the ping itself is held up. */
const LATE = ['a ping is late', (recording, { interval }) => apart(recording).some((gap) => gap >= 1.3 * interval)];

export const healthy = [
  {
    name: 'paused-server',
    shown: late(3),
    async make(fault) {
      const prosody = await fault.ownProsody();
      const desk = await fault.calm(prosody.front, { trusts: [prosody.authority] });
      await paused(fault, prosody.program.child, 0.4);
      await fault.checks.step('the desk goes on', () => desk.pings(3));
    },
  },
  {
    name: 'paused-finspect',
    shown: LATE,
    async make(fault) {
      const desk = await fault.calm();
      await paused(fault, fault.finspect.program.child, 0.4);
      await fault.checks.step('the desk goes on', () => desk.pings(3));
    },
  },
  {
    name: 'paused-browser',
    shown: LATE,
    async make(fault) {
      const { browser } = await fault.calmBrowser();
      await fault.checks.step('the browser is held, and goes on', async () => {
        browser.freeze();
        await fault.intervals(1.6);
        browser.thaw();
        await fault.intervals(3);
      });
    },
  },
];

/** The program gets no processor time around a ping. */
function paused(fault, child, after) {
  return fault.checks.step('a program stands still for a while', async () => {
    await fault.intervals(0.8);
    child.kill('SIGSTOP');
    await fault.intervals(0.2 + after);
    child.kill('SIGCONT');
  });
}
