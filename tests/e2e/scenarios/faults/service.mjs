// A server that stalls, that is restarted, and that is killed.

import { until } from '../../rig/wait.mjs';

/** Signals to Prosody's process. */
const signal = (prosody, name) => prosody.program.child.kill(name);

export const faults = [
  {
    name: 'service-stalled',
    rule: 'service-stalled',
    async make(fault) {
      const prosody = await fault.ownProsody();
      const desk = await fault.calm(`${fault.path.address}:${prosody.https}`, { trusts: [prosody.authority] });
      await fault.checks.step('the server is held, and the desk gives up and tries again', async () => {
        signal(prosody, 'SIGSTOP');
        await desk.until('disconnected');
        await fault.told('the next attempt', (recording) => recording.all('entered').length > 1);
      });
      await fault.checks.step('the server goes on and the desk is back', async () => {
        signal(prosody, 'SIGCONT');
        await desk.until('connected', 2);
        await desk.pings(2);
      });
    },
    signature(recording, checks) {
      const [first] = recording.bound();
      const pings = recording.pings().filter(({ connection }) => connection === first);
      const [before, last] = pings.slice(-2);
      checks.that('a ping is unanswered when the next one is sent', !before.answer || before.answer.at > last.at);
      const lost = ['retransmitting', 'unacknowledged'].flatMap((occasion) => recording.readings(occasion, 'upstream'));
      checks.that('TCP acknowledges all along', lost.filter(({ connection }) => connection === first).length === 0, JSON.stringify(lost));
      const [close] = recording.all('web-socket-close');
      checks.that('the desk ends it with an empty Close', close.direction === 'to-server' && close.content.code === undefined);
      checks.that('the agent is bound again', recording.bound().length >= 2, String(recording.bound()));
    },
  },
  {
    name: 'service-restart.in-order',
    rule: 'service-restart',
    make: (fault) => restart(fault, 'SIGTERM'),
    signature(recording, checks) {
      const [shutdown] = recording.streamErrors('system-shutdown');
      checks.that('the server says system-shutdown', shutdown?.direction === 'to-client');
      const gone = recording.stanzas(({ type, from }) => type === 'unavailable' && from?.startsWith('finesse@'));
      checks.that('before it, that finesse is unavailable', gone.some(({ number }) => number < shutdown?.number));
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
];

/** Ends the server with the signal, and starts it again once the desk has tried in vain. */
async function restart(fault, word) {
  const prosody = await fault.ownProsody();
  const desk = await fault.calm(`${fault.path.address}:${prosody.https}`, { trusts: [prosody.authority] });
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
