// Paths that lose some of what they carry, or all of it for a short while: TCP makes it good before the desk gives up.

/** What has to be seen of a loss, of whatever length, at the latest when the connection has ended. */
export const LOST = ['something was lost and sent again', (recording) =>
  recording.all('tcp-info').some(({ content }) => content.upstream?.retransmitted > 0)];

export const healthy = [
  ...[5, 10, 20, 30].map((percent) => ({
    name: `lossy-${percent}`,
    make: (fault) => broken(fault, () => fault.path.lose(`random mod 100 < ${percent}`), (desk) => desk.pings(8)),
  })),
  {
    // No two in a row, so that chance has no say.
    name: 'lossy-every-fifth',
    quick: true,
    shown: LOST,
    make: (fault) => broken(fault, () => fault.path.lose('inc mod 5 == 0'), (desk) => desk.pings(6)),
  },
  {
    name: 'lossy-login',
    make: (fault) => fault.checks.step('a desk connects over a path that loses every sixth packet', async () => {
      await fault.path.lose('inc mod 6 == 0');
      await fault.startFinspect(fault.front);
      const desk = fault.desk();
      desk.connect();
      await desk.until('connected');
      await desk.pings(4);
      await healed(fault);
    }),
  },
  {
    name: 'narrow',
    make: (fault) => broken(fault, () => fault.path.narrow('40 kbytes/second burst 10 kbytes'),
      // More at once than the limit's bucket holds, which is what a second and the burst together make.
      (desk) => fault.publish(desk, 3, 60_000, 0.5)),
  },
  { name: 'outage', shown: LOST, quick: true, make: (fault) => outage(fault, () => fault.path.swallow(), 0.25) },
  { name: 'outage-longer', shown: LOST, make: (fault) => outage(fault, () => fault.path.swallow(), 0.45) },
  { name: 'outage-there', shown: LOST, make: (fault) => outage(fault, () => fault.path.swallowOneWay(true), 0.3) },
  { name: 'outage-back', make: (fault) => outage(fault, () => fault.path.swallowOneWay(false), 0.3) },
  {
    name: 'unplugged',
    // Everybody on the machine is told of it.
    alone: true,
    shown: ['the interface goes down', (recording) => recording.has('host', ({ interface: one }) => one?.is === 'down')],
    make: (fault) => outage(fault, () => fault.path.unplug(), 0.2, () => fault.path.plug()),
  },
];

/** A calm desk whose path is broken; it goes on all the same, and the path is whole in the end. */
async function broken(fault, harm, action, heal = () => healed(fault)) {
  const desk = await fault.calm();
  await fault.checks.step('the path is worse, and the desk stays connected', async () => {
    await harm();
    await action(desk);
    await heal();
    await desk.pings(3);
  });
}

/** The path is whole again, and something was dropped on it. */
async function healed(fault) {
  const dropped = await fault.path.heal();
  fault.checks.that(`the path dropped packets (${dropped})`, dropped > 0);
}

/** An outage around a ping: a fifth of an interval before it, and so many intervals after it. */
function outage(fault, harm, after, heal = undefined) {
  const before = async () => {
    await fault.intervals(0.8);
    await harm();
  };
  return broken(fault, before, () => fault.intervals(0.2 + after), heal);
}
