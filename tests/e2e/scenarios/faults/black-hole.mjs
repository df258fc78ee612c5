// A path that swallows everything from one moment on: packets are dropped between finspect and the server.

export const faults = [
  {
    name: 'path-black-hole',
    rule: 'path-black-hole',
    async make(fault) {
      const desk = await fault.calm();
      await swallowed(fault, desk);
      await fault.checks.step('the next attempt is as vain', () => desk.until('disconnected', 2));
    },
    signature(recording, checks) {
      signature(recording, checks);
      const dialled = recording.all('attempt', ({ outcome }) => outcome === 'connected');
      checks.that('nobody answers the next attempt', dialled.length === 1);
    },
  },
  {
    name: 'path-black-hole.healed',
    rule: 'path-black-hole',
    async make(fault) {
      const desk = await fault.calm();
      await swallowed(fault, desk);
      await fault.checks.step('the path heals and the desk is back', async () => {
        await fault.path.heal();
        await desk.until('connected', 2);
        await desk.pings(2);
      });
    },
    signature(recording, checks) {
      signature(recording, checks);
      checks.that('the agent is bound again', recording.bound().length === 2, String(recording.bound()));
    },
  },
];

/** Has the path swallow everything, until the desk has given up and tries in vain. */
function swallowed(fault, desk) {
  return fault.checks.step('the path swallows everything, and the desk gives up', async () => {
    await fault.path.swallow();
    await desk.until('disconnected');
    await fault.told('what is sent again and not acknowledged', retransmitted);
    await fault.told('the empty Close of the next attempt', (recording) => recording.has('web-socket-close'));
    await fault.told('the next attempt', (recording) => recording.all('entered').length > 1);
  });
}

function retransmitted(recording) {
  return recording.readings('retransmitting', 'upstream').some(({ content }) => content.upstream.retransmits >= 2);
}

function signature(recording, checks) {
  const [first] = recording.bound();
  const pings = recording.pings().filter(({ connection }) => connection === first);
  const unanswered = pings.filter(({ answer }) => !answer || answer.at > pings.at(-1).at);
  checks.that('the last two pings are unanswered', unanswered.length === 2, unanswered.map(({ number }) => number).join(' '));
  checks.that('what was sent is sent again and again', retransmitted(recording));
  checks.that('the browser\'s side acknowledges all along', recording.readings('retransmitting', 'client').length === 0);
  checks.that('the desk says no word of XMPP any more', recording.stanzas(({ kind, type }, { direction, connection }) =>
    direction === 'to-server' && connection === first && (kind === 'close' || type === 'unavailable')).length === 0);
  const [close] = recording.all('web-socket-close');
  const empty = close.direction === 'to-server' && close.content.code === undefined;
  checks.that('it sends an empty Close', empty, JSON.stringify(close));
}
