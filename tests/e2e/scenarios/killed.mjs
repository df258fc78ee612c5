// A browser that is killed: no Close, no close_notify, and finspect must not make one up.

import { startBrowser } from '../rig/browser.mjs';
import { events, kindOf, startFinspect } from '../rig/finspect.mjs';
import { DOMAIN, PORT } from '../rig/prosody.mjs';
import { signIn } from '../rig/session.mjs';
import { until } from '../rig/wait.mjs';
import { endedWithAlert, startWire } from '../rig/wire.mjs';

export const name = 'killed';

/** Ways in which a killed browser's kernel ends its sockets. */
const ABRUPT = ['fin-without-close-notify', 'reset'];

export async function run(checks, { place, binary, prosody }) {
  const wire = await startWire(place, prosody.https);
  const finspect = await checks.step('finspect starts', () => startFinspect(place, binary, 'killed', [
    '--intercept', DOMAIN, '--resolve', `${DOMAIN}:${PORT}:127.0.0.1:${wire.port}`,
    '--upstream-ca', prosody.authority, '--format', 'json',
  ]));
  const browser = await checks.step('a browser logs in', async () => {
    const started = await startBrowser(place, 'killed',
      { args: [`--proxy-server=http://${finspect.address}`], trusted: finspect.ready.ca });
    await signIn(started);
    return started;
  });
  const before = wire.connections.length;
  const socket = webSocketConnection(events(finspect.program));
  checks.that('the WebSocket stands in the events', socket !== undefined, 'no web-socket-opened');
  checks.that('nobody has said goodbye yet',
    farewells(events(finspect.program), socket).length === 0);
  browser.kill();
  await checks.step('finspect tells the end of the killed browser\'s WebSocket', () => finspect.program.until(
    'an ended event to the server', () => ending(events(finspect.program), socket)));
  const { manner } = ending(events(finspect.program), socket);
  checks.that(`as an abrupt one (${manner})`, ABRUPT.includes(manner), JSON.stringify(manner));
  checks.that('it shows no farewell that nobody sent', farewells(events(finspect.program), socket).length === 0,
    JSON.stringify(farewells(events(finspect.program), socket)));
  await checks.step('every connection to the server ends', () => until('the ends at the server',
    () => wire.connections.length === before && wire.connections.every(({ end }) => end)));
  const spoken = wire.connections.filter(({ records }) => records.length > 0);
  checks.that('none of them with a close_notify', spoken.length > 0 && !spoken.some(endedWithAlert),
    JSON.stringify(spoken.map(({ end, records }) => [end, records.slice(-2)])));
  await checks.step('finspect ends with status 0', async () => {
    const code = await finspect.program.stop();
    if (code !== 0) throw new Error(finspect.program.fate());
  });
}

/** The connection on which a WebSocket was opened. */
function webSocketConnection(all) {
  return all.find((event) => kindOf(event)[0] === 'web-socket-opened')?.connection;
}

/** How the client's direction of a connection ended, once it did. */
function ending(all, connection) {
  const event = all.find((one) => one.connection === connection && one.direction === 'to-server' && kindOf(one)[0] === 'ended');
  return event && kindOf(event)[1];
}

/** What a client says that leaves in order: a Close frame, the framing's `close`, unavailable presence. */
function farewells(all, connection) {
  return all.filter((event) => {
    if (event.connection !== connection || event.direction !== 'to-server') return false;
    const [kind, content] = kindOf(event);
    return kind === 'web-socket-close' || (kind === 'xmpp-stanza'
      && (content.stanza.root.name === 'close' || content.stanza.type === 'unavailable'));
  });
}
