// Shifts without trouble: quiet, busy, short, of several agents, and recordings that end in the middle of one.

import { apart } from '../faults/hidden.mjs';

export const healthy = [
  { name: 'quiet-shift', make: (fault) => shift(fault, (desk) => desk.pings(14)) },
  { name: 'busy-shift', make: (fault) => shift(fault, (desk) => published(fault, desk, 200, 800, 20)) },
  { name: 'large-events', make: (fault) => shift(fault, (desk) => published(fault, desk, 30, 60_000, 10)) },
  {
    name: 'background-tab',
    shown: ['there is no ping for a while', (recording, { interval }) => apart(recording).some((gap) => gap >= 5 * interval)],
    async make(fault) {
      await shift(fault, async (desk) => {
        desk.hide();
        await fault.intervals(6);
        desk.show();
        await desk.pings(4);
      });
    },
  },
  { name: 'pings-seldom', pace: 2, make: (fault) => shift(fault, (desk) => desk.pings(2)) },
  { name: 'pings-often', pace: 0.4, make: (fault) => shift(fault, (desk) => desk.pings(30)) },
  { name: 'just-signed-in', make: (fault) => fault.checks.step('a desk is connected', () => signedIn(fault)) },
  {
    name: 'farewell-and-return',
    binds: 2,
    make: (fault) => shift(fault, async (desk) => {
      await desk.leave();
      await fault.intervals(3);
      desk.connect();
      await desk.until('connected', 2);
      await desk.pings(4);
    }),
  },
  {
    name: 'agents-in-turn',
    binds: 3,
    colleagues: 2,
    make: (fault) => shift(fault, async (desk) => {
      await desk.leave();
      for (const other of [0, 1]) {
        await fault.intervals(0.5);
        const next = await signedIn(fault, { agent: fault.colleague(other) });
        await next.pings(3);
        await next.leave();
      }
    }),
  },
  {
    name: 'agents-at-once',
    binds: 5,
    colleagues: 4,
    make: (fault) => shift(fault, async (desk) => {
      const desks = [desk];
      for (const other of [0, 1, 2, 3]) {
        await fault.intervals(0.2);
        desks.push(await signedIn(fault, { agent: fault.colleague(other) }));
      }
      await Promise.all(desks.map((one) => one.pings(5)));
    }),
  },
  {
    name: 'two-resources',
    binds: 2,
    make: (fault) => shift(fault, async (desk) => {
      const other = await signedIn(fault, { resource: 'gadget' });
      await Promise.all([desk, other].map((one) => one.pings(4)));
    }),
  },
  {
    name: 'planned-restart',
    quick: true,
    binds: 2,
    async make(fault) {
      const prosody = await fault.ownProsody();
      const desk = await fault.calm(prosody.front, { trusts: [prosody.authority] });
      await fault.checks.step('the desk leaves, the server is restarted, the desk signs in again', async () => {
        await desk.leave();
        await fault.intervals(1);
        await prosody.program.stop();
        await fault.intervals(1);
        await prosody.start();
        await fault.publisher(prosody);
        desk.connect();
        await desk.until('connected', 2);
        await desk.pings(3);
      });
    },
  },
  {
    name: 'finspect-stopped',
    make: (fault) => shift(fault, async (desk) => {
      await desk.pings(3);
      await fault.finspect.program.stop('SIGINT');
    }),
  },
  {
    name: 'finspect-killed',
    make: (fault) => shift(fault, async (desk) => {
      await desk.pings(3);
      fault.finspect.killed = true;
      await fault.finspect.program.stop('SIGKILL');
    }),
  },
];

/** A calm desk, and what it does then. */
async function shift(fault, action) {
  const desk = await fault.calm();
  await fault.checks.step('the shift goes on', () => action(desk));
}

/** Another desk behind the same finspect, or the first. */
async function signedIn(fault, options) {
  if (!fault.finspect) await fault.startFinspect(fault.front);
  const desk = fault.desk(options);
  desk.connect();
  await desk.until('connected');
  return desk;
}

/** Events are published to the desk, and its pings go on. */
async function published(fault, desk, count, characters, perInterval) {
  await fault.publish(desk, count, characters, perInterval);
  await desk.pings(2);
}
