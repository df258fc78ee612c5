// finspect runs on another machine than the desk, and the path between the two swallows everything for a while: here it is
// finspect that runs where the servers are.

import { nodeOf } from '../../rig/session.mjs';

export const faults = [
  {
    name: 'client-path-dead',
    rule: 'client-path-dead',
    pace: 5,
    async make(fault) {
      const desk = await apart(fault);
      await fault.publish(desk, 1, 100, 4);
      await fault.checks.step('the desk is out of reach while events are sent to it, gives up, and is back', async () => {
        await fault.path.swallowArriving();
        await fault.stage.publisher.publish(nodeOf(fault.agent.user), '<Update/>');
        await gone(fault, desk);
      });
    },
    signature(recording, checks) {
      const again = recording.readings('retransmitting', 'client');
      checks.that('what is sent to the desk is sent again and again', again.some(({ content }) => content.client.retransmits >= 2));
      checks.that('the server acknowledges all along', recording.readings('retransmitting', 'upstream').length === 0);
    },
  },
  {
    name: 'zombie-conflict',
    rule: 'zombie-conflict',
    pace: 5,
    async make(fault) {
      const desk = await apart(fault);
      await fault.checks.step('the desk is out of reach while nobody sends it anything, gives up, and is back', async () => {
        await fault.path.swallowArriving();
        await gone(fault, desk);
      });
    },
    signature(recording, checks) {
      const [conflict] = recording.streamErrors('conflict');
      checks.that('the old socket gets the conflict', conflict?.connection === recording.bound()[0]);
      checks.that('nothing tells that the desk was out of reach', recording.readings('retransmitting', 'client').length === 0);
    },
  },
];

/** A desk that is connected through a finspect at the other end of the path. */
function apart(fault) {
  const machine = { command: fault.stage.network.command(), listen: `${fault.path.address}:0` };
  return fault.calm(fault.front, { machine });
}

/** Until the desk is back on another socket: the path heals before it dials anew, and before TCP tries the old one again. */
async function gone(fault, desk) {
  await desk.until('disconnected');
  await fault.intervals(0.5);
  await fault.path.healArriving();
  await desk.until('connected', 2);
  await desk.pings(2);
}
