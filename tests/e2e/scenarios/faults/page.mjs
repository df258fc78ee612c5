// A person who reloads the desktop or closes its tab, and a client that leaves in order.

import { tunnel } from '../../rig/session.mjs';
import { until } from '../../rig/wait.mjs';

/** The close code of an endpoint that goes away (RFC 6455 section 7.4.1). */
const GOING_AWAY = 1001;

/** A close code that is left to each application (RFC 6455 section 7.4.2). */
const OWN_CODE = 4001;

export const faults = [
  {
    name: 'page-closed.reloaded',
    rule: 'page-closed',
    async make(fault) {
      const { page } = await fault.calmBrowser();
      await fault.checks.step('the page is loaded anew and logs in again', async () => {
        await page.reload();
        await tunnel(page, fault.agent, fault.interval);
        await fault.told('the second bind', (recording) => recording.bound().length === 2);
      });
    },
    signature(recording, checks) {
      farewell(recording, checks);
      const pages = recording.all('http-request', ({ target }) => target === '/desktop/');
      checks.that('the page is asked for twice', pages.length === 2);
    },
  },
  {
    name: 'page-closed.closed',
    rule: 'page-closed',
    async make(fault) {
      const { page } = await fault.calmBrowser();
      await fault.checks.step('the tab is closed', async () => {
        await page.close({ runBeforeUnload: true });
        await until('the tab to be gone', () => page.isClosed());
        await fault.told('the end of the WebSocket', (recording) => recording.manner(recording.bound()[0], 'to-server'));
      });
    },
    signature(recording, checks) {
      // Whether Chromium runs the page's handlers is its own affair: it did not where a tool closed the tab.
      const [close] = recording.all('web-socket-close', (_, { direction }) => direction === 'to-server');
      if (close?.content.code !== GOING_AWAY) farewell(recording, checks);
      checks.that(`the browser sends a Close frame (${close?.content.code ?? 'empty'})`, close);
      checks.that('nobody comes back', recording.bound().length === 1);
    },
  },
  {
    name: 'page-closed.farewell',
    rule: 'page-closed',
    async make(fault) {
      const desk = await fault.calm();
      await fault.checks.step('the desk leaves in order, and nobody comes back', () => desk.leave());
    },
    signature(recording, checks) {
      const said = recording.stanzas((_, { direction }) => direction === 'to-server').slice(-2)
        .map(({ content: { stanza } }) => stanza.type ?? stanza.root.name);
      checks.that('the desk is unavailable and closes the stream', said.join(' ') === 'unavailable close', said.join(' '));
    },
  },
  {
    name: 'unexplained',
    rule: 'unexplained',
    async make(fault) {
      const desk = await fault.calm();
      await fault.checks.step('a client closes its socket with a code of its own, and is back', async () => {
        desk.current.socket.close(OWN_CODE);
        await desk.until('connected', 2);
        await desk.pings(2);
      });
    },
    signature(recording, checks) {
      const [close] = recording.all('web-socket-close', (_, { direction }) => direction === 'to-server');
      checks.that('the code is one that nobody else knows', close?.content.code === OWN_CODE);
    },
  },
];

/** What the page still says: it unsubscribes, is unavailable, closes the stream. */
function farewell(recording, checks) {
  const [first] = recording.bound();
  const said = recording.stanzas((_, { connection, direction }) => connection === first && direction === 'to-server')
    .slice(-3).map(({ content: { stanza } }) => stanza.kind.pubsub?.action ?? stanza.type ?? stanza.root.name);
  const order = 'unsubscribe unavailable close';
  checks.that('the page unsubscribes, is unavailable, and closes the stream', said.join(' ') === order, said.join(' '));
}
