// A desktop in a tab that another one covers: Chromium slows its timers to one wake-up a minute, at the full minute of its
// own clock, once it has been hidden for a minute.

import { startHaproxy } from '../../rig/haproxy.mjs';

/** Milliseconds: the browser's pace in a hidden tab, what may pass until it is seen, and until it does harm at a limit like it. */
const MINUTE = 60_000;
const AT_LAST = 4 * MINUTE;
const SOME_DAY = 12 * MINUTE;

/** Intervals of the ping that the middlebox allows to be silent. */
const PATIENCE = 3;

export const faults = [
  {
    name: 'tab-throttled',
    rule: 'tab-throttled',
    slow: true,
    async make(fault) {
      const port = await startHaproxy(fault, fault.stage.prosody.https, { idle: MINUTE });
      const window = await fault.calmWindow(`${fault.path.address}:${port}`);
      await fault.checks.step('another tab covers it, its pings come once a minute, until one is too late for the middlebox', async () => {
        await window.cover();
        await fault.told('the cut', (recording) => recording.manner(recording.bound()[0], 'to-client'), SOME_DAY);
        await window.tab.until('hidden');
      });
      await fault.checks.step('it is seen again and is back', async () => {
        await window.uncover();
        await fault.told('the next bind', (recording) => recording.bound().length === 2);
      });
    },
    signature(recording, checks) {
      cut(recording, checks);
      checks.that('pings came once a minute before', apart(recording).slice(-2).every(aMinute), apart(recording).join(' '));
    },
  },
  {
    name: 'idle-timeout.hidden-tab',
    rule: 'idle-timeout',
    async make(fault) {
      const port = await startHaproxy(fault, fault.stage.prosody.https, { idle: PATIENCE * fault.interval });
      const window = await fault.calmWindow(`${fault.path.address}:${port}`);
      await fault.checks.step('another tab covers it, its pings stop, and the middlebox cuts', async () => {
        await window.cover();
        await fault.told('the cut', (recording) => recording.manner(recording.bound()[0], 'to-client'), AT_LAST);
        await window.tab.until('hidden');
      });
      await fault.checks.step('it is seen again and is back', async () => {
        await window.uncover();
        await fault.told('the next bind', (recording) => recording.bound().length === 2);
      });
    },
    signature: cut,
  },
];

/** What a middlebox's cut of the first connection looks like. */
function cut(recording, checks) {
  const [first] = recording.bound();
  const manner = recording.manner(first, 'to-client');
  checks.that('the connection ends with a bare FIN', manner === 'fin-without-close-notify', JSON.stringify(manner));
  const [end] = recording.all('ended', (_, { connection, direction }) => connection === first && direction === 'to-client');
  // One may meet it on the way.
  const before = recording.pings().filter(({ connection, at }) => connection === first && at < end.at - 100_000);
  checks.that('all pings before it are answered', before.every(({ answer }) => answer));
}

/** Milliseconds from one ping of the first connection to the next. */
export function apart(recording) {
  const [first] = recording.bound();
  const times = recording.pings().filter(({ connection }) => connection === first).map(({ at }) => at / 1000);
  return times.slice(1).map((at, index) => Math.round(at - times[index]));
}

/** Whether that is the browser's pace in a hidden tab. */
export function aMinute(milliseconds) {
  return Math.abs(milliseconds - MINUTE) < 1_000;
}
