// A path that loses so much from the first connection on that no login gets through in time. How far one gets is chance:
// these are made only when they are named, and with pings ten seconds apart.

/** Two packets of three, by chance: each time TCP waits twice as long before it sends one again. */
const LOSS = 'random mod 100 < 65';

export const faults = [
  {
    name: 'path-lossy',
    rule: 'path-lossy',
    chance: true,
    async make(fault) {
      await fault.path.lose(LOSS);
      await tried(fault);
    },
    signature,
  },
  {
    name: 'path-lossy.healed',
    rule: 'path-lossy',
    chance: true,
    async make(fault) {
      await fault.path.lose(LOSS);
      const desk = await tried(fault);
      await fault.checks.step('the path is whole again, and the desk gets through', async () => {
        await fault.path.heal();
        await desk.until('connected');
        await desk.pings(2);
      });
    },
    signature,
  },
];

/** A desk that gives up its first attempt and the next one. */
function tried(fault) {
  return fault.checks.step('a desk connects over a path that loses two packets of three, in vain', async () => {
    await fault.startFinspect(fault.front);
    const desk = fault.desk();
    desk.connect();
    await desk.until('disconnected', 2);
    return desk;
  });
}

function signature(recording, checks) {
  const again = recording.all('tcp-info', ({ upstream }) => upstream?.retransmits > 0);
  checks.that('segments are sent again and again', again.length > 0);
}
