// A real browser with Strophe.js, a real XMPP server, and finspect between them, read by a person.

import { startBrowser } from '../rig/browser.mjs';
import { startFinspect } from '../rig/finspect.mjs';
import { startPlainProxy } from '../rig/plain-proxy.mjs';
import { AGENT, DOMAIN, PORT } from '../rig/prosody.mjs';
import { leaks } from '../rig/secret.mjs';
import { NODE, UPDATE, ping, seen, signIn, signOut, subscribe, transcript } from '../rig/session.mjs';
import { until } from '../rig/wait.mjs';

export const name = 'strophe';

export async function run(checks, { place, binary, prosody, publisher }) {
  const plainPort = await startPlainProxy(place, `${DOMAIN}:${PORT}`, prosody.https);
  const control = await checks.step('without finspect the whole session works', async () => {
    const browser = await startBrowser(place, 'control',
      { args: [`--proxy-server=http://127.0.0.1:${plainPort}`], trusted: prosody.authority });
    const saw = await session(browser, publisher);
    await browser.close();
    return saw;
  });
  const finspect = await checks.step('finspect starts', () => startFinspect(place, binary, 'strophe', [
    '--intercept', DOMAIN, '--resolve', `${DOMAIN}:${PORT}:127.0.0.1:${prosody.https}`,
    '--upstream-ca', prosody.authority, '--format', 'pretty',
  ]));
  const browser = await startBrowser(place, 'strophe',
    { args: [`--proxy-server=http://${finspect.address}`], trusted: finspect.ready.ca });
  const through = await checks.step('the whole session works through finspect', () => session(browser, publisher));
  checks.that('the page saw the same stanzas as without finspect', through.join('\n') === control.join('\n'),
    difference(control, through));
  // Prosody ends the connection when it reads `close`: whether the browser's Close frame still leaves is a race of
  // theirs, so the Close frame is a check of the desktop's, whose server waits for it.
  await checks.step('it tells that the server ended the connection in order', () => finspect.program.until(
    'the server\'s end in the output', () => /← the server ended its side in order/.test(finspect.program.stdout())));
  await browser.close();
  const code = await finspect.program.stop();
  checks.that('finspect ends with status 0 when asked to', code === 0, finspect.program.fate());
  const told = finspect.program.stdout();
  checks.story(told, STORY);
  secrecy(checks, finspect);
}

/** Runs the session; what the page saw until it logged out, whose end is a race of two ends. */
async function session(browser, publisher) {
  const page = await signIn(browser);
  await subscribe(page);
  await publisher.publish(NODE, UPDATE);
  await until('the event in the page', async () => (await seen(page, 'event')).includes(UPDATE));
  await ping(page);
  const saw = await transcript(page);
  await signOut(page);
  return saw;
}

/** What a person has to be able to read, in the order in which it happened. */
const STORY = [
  ['the way in', /CONNECT finesse\.test:8445 +looking inside/],
  ['the upgrade request', /→ GET \/ws\/ .*upgrade/],
  ['its subprotocol among its headers', /Sec-WebSocket-Protocol: xmpp/],
  ['the 101', /← 101 Switching Protocols/],
  ['the headers of the 101', /Sec-WebSocket-Accept: \S+/],
  ['the open of the stream', /→ open\b.*finesse\.test/],
  ['the server\'s open', /← open\b.*finesse\.test/],
  ['the features with their mechanisms', /← features\b.*PLAIN/],
  ['the auth with mechanism and user', /→ auth PLAIN as 1001002/],
  ['the success', /← success/],
  ['the second open', /→ open\b.*finesse\.test/],
  ['the features with the server\'s caps', /← features\b.*bind.*prosody\.im/],
  ['the bind request', /→ bind\b.*desktop/],
  ['the JID that the bind gave, and the round trip', /← bound as 1001002@finesse\.test\/desktop +round trip [\d.]+ ms/],
  ['the session', /← session established/],
  ['the presence', /→ presence available/],
  ['the presence of the Finesse application', /← presence available.*finesse@finesse\.test/],
  ['the subscribe and its node', /→ subscribe +\/finesse\/api\/User\/1001002/],
  ['the answer to the subscribe, and the round trip', /← subscribed +\/finesse\/api\/User\/1001002.*round trip/],
  ['the notification and its node', /← notification \/finesse\/api\/User\/1001002.*READY/],
  ['the payload, unfolded', /^\W*<Update>$/m],
  ['the state in the payload, as XML of its own', /^\W*<state>READY<\/state>$/m],
  ['the request id in the payload', /^\W*<requestId>7f3c9a10-e2e<\/requestId>$/m],
  ['the ping', /→ ping/],
  ['the pong, and the round trip', /← ping answered.*round trip/],
  ['the unavailable presence', /→ presence unavailable/],
  ['the close of the stream', /→ close\b/],
  ['the end of the session', /session ended/],
];

/** The password must stand in no output, in no form. */
function secrecy(checks, { program }) {
  const places = { stdout: program.stdout(), stderr: program.stderr() };
  for (const [where, text] of Object.entries(places)) {
    const leaked = leaks(text, AGENT.password);
    checks.that(`the password stands nowhere in ${where}`, leaked.length === 0, leaked.join(' '));
  }
}

/** The first line in which two transcripts differ. */
function difference(expected, found) {
  const line = expected.findIndex((text, index) => text !== found[index]);
  return line < 0 ? `${found.length - expected.length} lines more` : `line ${line + 1}:\n- ${expected[line]}\n+ ${found[line]}`;
}
