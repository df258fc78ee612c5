// A server that stalls, that is restarted, that is killed, and one that is not what the desk needs.

import { until } from '../../rig/wait.mjs';

/** Signals to Prosody's process. */
const signal = (prosody, name) => prosody.program.child.kill(name);

export const faults = [
  {
    name: 'service-stalled',
    rule: 'service-stalled',
    make: (fault) => stall(fault, (desk) => desk.until('disconnected', 2)),
    signature(recording, checks, { interval }) {
      stalled(recording, checks);
      const [second] = recording.all('attempt', ({ outcome }) => outcome === 'connected').slice(1);
      const [tls] = recording.all('tls-established', ({ leg }, { connection }) =>
        connection === second?.connection && leg === 'upstream');
      checks.that('the next attempt is connected at once, and TLS is not answered', second?.content.took < interval * 1000
        && !(tls?.content.took < 2 * interval * 1000), JSON.stringify(tls?.content.took));
    },
  },
  {
    name: 'service-stalled.brief',
    rule: 'service-stalled',
    make: (fault) => stall(fault, () => fault.told('the next attempt', (recording) => recording.all('entered').length > 1)),
    signature(recording, checks) {
      stalled(recording, checks);
      const [first] = recording.bound();
      const late = recording.pings().filter(({ connection }) => connection === first).slice(-2).map(({ answer }) => answer?.at);
      checks.that(`both pings are answered late, and at once (${late.join(', ')})`, Math.abs(late[1] - late[0]) < 300_000);
    },
  },
  {
    name: 'service-restart.in-order',
    rule: 'service-restart',
    make: (fault) => restart(fault, 'SIGTERM'),
    signature(recording, checks) {
      const [shutdown] = recording.streamErrors('system-shutdown');
      checks.that('the server says system-shutdown', shutdown?.direction === 'to-client');
      checks.that('before it, that finesse is unavailable', gone(recording).some(({ number }) => number < shutdown?.number));
      back(recording, checks);
    },
  },
  {
    name: 'service-restart.killed',
    rule: 'service-restart',
    make: (fault) => restart(fault, 'SIGKILL'),
    signature(recording, checks) {
      const manner = recording.manner(recording.bound()[0], 'to-client');
      checks.that(`the connection ends without a word (${manner})`, ['reset', 'fin-without-close-notify'].includes(manner));
      checks.that('no stream error', recording.stanzas(({ kind }) => kind['stream-error']).length === 0);
      back(recording, checks);
    },
  },
  {
    name: 'web-app-down',
    rule: 'web-app-down',
    async make(fault) {
      const prosody = await fault.ownProsody();
      const desk = await fault.calm(prosody.front, { trusts: [prosody.authority] });
      await fault.checks.step('the Finesse application goes, the notification service stays', async () => {
        await prosody.publisher.leave();
        await fault.told('that finesse is unavailable', (recording) => gone(recording).length > 0);
        await desk.pings(3);
      });
      await fault.checks.step('the application is back', async () => {
        await fault.publisher(prosody);
        await fault.told('that finesse is there again', (recording) => there(recording).length > 1);
        await desk.pings(2);
      });
    },
    signature(recording, checks) {
      checks.that('finesse is unavailable, and there again', there(recording).at(-1)?.number > gone(recording)[0]?.number);
      checks.that('the socket stays and its pings are answered', recording.bound().length === 1
        && recording.pings().slice(0, -1).every(({ answer }) => answer));
    },
  },
  {
    name: 'finesse-absent',
    rule: 'finesse-absent',
    async make(fault) {
      const prosody = await fault.ownProsody({ empty: true });
      await fault.checks.step('a desk waits in vain for the presence of finesse', async () => {
        await fault.startFinspect(prosody.front, { trusts: [prosody.authority] });
        const desk = fault.desk();
        desk.connect();
        await desk.until('disconnected', 2);
      });
    },
    signature(recording, checks) {
      checks.that('the agent is bound', recording.bound().length > 0);
      checks.that('there is no presence of finesse', there(recording).length === 0);
    },
  },
  {
    name: 'upgrade-refused',
    rule: 'upgrade-refused',
    async make(fault) {
      const prosody = await fault.ownProsody({ empty: true, settings: { path: '/elsewhere' } });
      await fault.checks.step('a desk asks in vain for a WebSocket', async () => {
        await fault.startFinspect(prosody.front, { trusts: [prosody.authority] });
        const desk = fault.desk();
        desk.connect();
        await desk.until('disconnected', 3);
      });
    },
    signature(recording, checks) {
      const statuses = recording.all('http-response').map(({ content }) => content.status);
      const refused = statuses.length >= 3 && statuses.every((status) => status === 404);
      checks.that('each upgrade is answered with 404', refused, String(statuses));
    },
  },
];

/** Presences of finesse that say it is there, and that it is gone. */
function there(recording) {
  return recording.stanzas(({ kind, type, from }) => kind.presence && !type && from?.startsWith('finesse@'));
}

function gone(recording) {
  return recording.stanzas(({ kind, type, from }) => kind.presence && type === 'unavailable' && from?.startsWith('finesse@'));
}

/** Holds the server while the desk gives up, and until `then` is over. */
async function stall(fault, then) {
  const prosody = await fault.ownProsody();
  const desk = await fault.calm(prosody.front, { trusts: [prosody.authority] });
  await fault.checks.step('the server is held, and the desk gives up and tries again', async () => {
    signal(prosody, 'SIGSTOP');
    await desk.until('disconnected');
    await then(desk);
  });
  await fault.checks.step('the server goes on and the desk is back', async () => {
    signal(prosody, 'SIGCONT');
    await desk.until('connected', 2);
    await desk.pings(2);
  });
}

/** What every stall looks like. */
function stalled(recording, checks) {
  const [first] = recording.bound();
  const pings = recording.pings().filter(({ connection }) => connection === first);
  const [before, last] = pings.slice(-2);
  checks.that('a ping is unanswered when the next one is sent', !before.answer || before.answer.at > last.at);
  const lost = ['retransmitting', 'unacknowledged'].flatMap((occasion) => recording.readings(occasion, 'upstream'));
  const ours = lost.filter(({ connection }) => connection === first);
  checks.that('TCP acknowledges all along', ours.length === 0, JSON.stringify(ours));
  const [close] = recording.all('web-socket-close');
  checks.that('the desk ends it with an empty Close', close.direction === 'to-server' && close.content.code === undefined);
  checks.that('the agent is bound again', recording.bound().length >= 2, String(recording.bound()));
}

/** Ends the server with the signal, and starts it again once the desk has tried in vain. */
async function restart(fault, word) {
  const prosody = await fault.ownProsody();
  const desk = await fault.calm(prosody.front, { trusts: [prosody.authority] });
  await fault.checks.step(`the server gets ${word}, and the desk tries in vain`, async () => {
    signal(prosody, word);
    await desk.until('disconnected');
    await fault.told('an attempt that fails', (recording) => recording.has('upstream-failed'));
  });
  await fault.checks.step('the server is started again and the desk is back', async () => {
    await until('the end of Prosody', () => prosody.program.ended());
    await prosody.start();
    await fault.publisher(prosody);
    await desk.until('connected', 2);
    await desk.pings(2);
  });
}

function back(recording, checks) {
  const refused = recording.all('upstream-failed', ({ reason }) => reason === 'connection-refused');
  checks.that('then nobody listens', refused.length > 0);
  checks.that('then the agent is bound again', recording.bound().length === 2, String(recording.bound()));
}
