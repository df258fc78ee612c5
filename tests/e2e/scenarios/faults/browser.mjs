// A browser that is killed, and one that is held while the server speaks and speaks.

import { Recording } from '../../rig/recording.mjs';
import { nodeOf } from '../../rig/session.mjs';
import { until } from '../../rig/wait.mjs';
import { startHaproxy } from '../../rig/haproxy.mjs';

/** Ways in which a killed browser's kernel ends its sockets. */
const ABRUPT = ['fin-without-close-notify', 'reset'];

/** Characters of an event that fills buffers, and how many of them may be needed. */
const LARGE = 20_000;
const MANY = 100;

/** Intervals of the ping that the middlebox allows to be silent. */
const PATIENCE = 3;

export const faults = [
  {
    name: 'page-not-reading',
    rule: 'page-not-reading',
    async make(fault) {
      const prosody = await fault.ownProsody({ settings: { patience: 3 } });
      const { browser } = await fault.calmBrowser(prosody.front, { trusts: [prosody.authority] });
      await fault.checks.step('the browser is held while the server speaks, until nothing more goes through', async () => {
        browser.freeze();
        await speak(fault, prosody, () => stuck(new Recording(fault.file)));
        await speak(fault, prosody, () => impatient(prosody));
        await until('the server to lose patience', () => impatient(prosody));
        await fault.told('its full window', (recording) => recording.readings('window-full', 'client').length > 0);
      });
      await fault.checks.step('the browser goes on', async () => {
        browser.thaw();
        await fault.told('the next bind', (recording) => recording.bound().length === 2);
      });
    },
    signature(recording, checks) {
      checks.that('bytes wait for the browser', stuck(recording));
      const [full] = recording.readings('window-full', 'client');
      checks.that('its kernel acknowledges all and has no room', !full.content.client.unacked && full.content.client.unsent > 0,
        JSON.stringify(full));
    },
  },
  {
    name: 'idle-timeout.browser-held',
    rule: 'idle-timeout',
    async make(fault) {
      const port = await startHaproxy(fault, fault.stage.prosody.https, { idle: PATIENCE * fault.interval });
      const { browser } = await fault.calmBrowser(`${fault.path.address}:${port}`);
      await fault.checks.step('the browser is held, and the middlebox cuts', async () => {
        browser.freeze();
        await fault.told('the cut', (recording) => recording.manner(recording.bound()[0], 'to-client'));
      });
      await fault.checks.step('the browser goes on and is back', async () => {
        browser.thaw();
        await fault.told('the next bind', (recording) => recording.bound().length === 2);
      });
    },
    signature(recording, checks) {
      const [first] = recording.bound();
      const manner = recording.manner(first, 'to-client');
      const bare = manner === 'fin-without-close-notify';
      checks.that('the connection ends with a bare FIN from the path', bare, JSON.stringify(manner));
      checks.that('all pings before it are answered', recording.pings().filter(({ connection }) => connection === first)
        .every(({ answer }) => answer));
    },
  },
  {
    name: 'browser-died',
    rule: 'browser-died',
    async make(fault) {
      const { browser } = await fault.calmBrowser();
      await fault.checks.step('the browser is killed', async () => {
        browser.kill();
        await fault.told('the end of its WebSocket', (recording) => recording.manner(recording.bound()[0], 'to-server'));
      });
    },
    signature(recording, checks) {
      const [first] = recording.bound();
      const manner = recording.manner(first, 'to-server');
      checks.that(`its kernel ends the connection (${manner})`, ABRUPT.includes(manner));
      const said = recording.stanzas(({ kind, type }, { direction }) =>
        direction === 'to-server' && (kind === 'close' || type === 'unavailable'));
      checks.that('no Close frame and no farewell', !recording.has('web-socket-close') && said.length === 0);
    },
  },
];

/** Publishes events, no more than fill all buffers on the way, until it is `enough`. */
async function speak({ agent }, prosody, enough) {
  for (let sent = 0; sent < MANY && !enough(); sent += 1) {
    await prosody.publisher.publish(nodeOf(agent.user), `<Update><data>${'x'.repeat(LARGE)}</data></Update>`);
  }
}

/** Whether Prosody has given up a client that takes nothing. */
function impatient(prosody) {
  return /timeout/i.test(prosody.log());
}

/** Whether bytes wait in finspect because the browser takes none. */
function stuck(recording) {
  return recording.has('stalled', (_, { direction }) => direction === 'to-client');
}
