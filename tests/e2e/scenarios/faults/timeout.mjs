// Servers that time out a client of which they hear nothing, each in a manner of its own.

import { until } from '../../rig/wait.mjs';

/** Intervals of the ping that Prosody lets pass until it does something about a quiet client. */
const PATIENCE = 3;

/** Intervals of the ping from one WebSocket ping of ejabberd's to the next: as its default is to the desktop's ten seconds. */
const PINGS = 6;

export const faults = [
  {
    name: 'server-idle-timeout.ejabberd',
    rule: 'server-idle-timeout',
    async make(fault) {
      const ejabberd = await fault.checks.step('ejabberd starts', () => fault.ownEjabberd(PINGS * fault.interval));
      const { browser } = await fault.calmBrowser(ejabberd.front, { trusts: [ejabberd.authority] });
      await fault.checks.step('the browser is held, and the server gives it up', async () => {
        browser.freeze();
        await fault.told('its Close', (recording) => recording.has('web-socket-close'));
      });
      await fault.checks.step('the browser goes on and is back', async () => {
        browser.thaw();
        await fault.told('the next bind', (recording) => recording.bound().length === 2);
      });
    },
    signature(recording, checks) {
      const [close] = recording.all('web-socket-close');
      const plain = close.direction === 'to-client' && close.content.code === 1000;
      checks.that('the server sends a Close that tells no reason', plain, JSON.stringify(close));
      const asked = recording.all('web-socket-ping', (_, { direction, number }) => direction === 'to-client' && number < close.number);
      checks.that('it asked before', asked.length > 0);
      checks.that('no stream error', noError(recording));
    },
  },
  {
    name: 'server-idle-timeout.prosody',
    rule: 'server-idle-timeout',
    async make(fault) {
      await timedOut(fault, 'asked');
    },
    signature(recording, checks) {
      const [first] = recording.bound();
      const [error] = recording.streamErrors('connection-timeout');
      checks.that('the server says connection-timeout', error?.direction === 'to-client');
      const asked = recording.stanzas(({ kind, type }, { direction, connection }) =>
        kind === 'ping' && type === 'get' && direction === 'to-client' && connection === first);
      checks.that('it asked before, and had no answer', asked.length === 1 && asked[0].number < error?.number);
      answeredBefore(recording, checks);
    },
  },
  {
    name: 'idle-timeout.prosody',
    rule: 'idle-timeout',
    async make(fault) {
      await timedOut(fault, 'dropped');
    },
    signature(recording, checks) {
      const manner = recording.manner(recording.bound()[0], 'to-client');
      checks.that('the connection ends with a close_notify, which tells a server from a box on the way', manner === 'close-notify',
        JSON.stringify(manner));
      checks.that('the server says nothing', noError(recording) && !recording.has('web-socket-close'));
      answeredBefore(recording, checks);
    },
  },
];

/** A desk stops to ping, and Prosody ends its session in this manner. */
async function timedOut(fault, manner) {
  const quiet = { after: (PATIENCE * fault.interval) / 1000, manner };
  const prosody = await fault.ownProsody({ settings: { quiet } });
  const desk = await fault.calm(prosody.front, { trusts: [prosody.authority] });
  await fault.checks.step('the desk is hidden, and the server ends its session', async () => {
    desk.hide();
    await desk.until('disconnected');
    await until('the server to say so in its log', () => /read timeout|connection-timeout/.test(prosody.log()));
  });
  await fault.checks.step('the desk is back', async () => {
    await desk.until('connected', 2);
    await desk.pings(2);
  });
}

function noError(recording) {
  return recording.stanzas(({ kind }) => kind['stream-error']).length === 0;
}

/** Nothing was wrong before. */
function answeredBefore(recording, checks) {
  const [first] = recording.bound();
  checks.that('all pings before it are answered', recording.pings().filter(({ connection }) => connection === first)
    .every(({ answer }) => answer));
}
