// A real browser with Strophe.js, a real XMPP server, and finspect between them, read by a person.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { startBrowser } from '../rig/browser.mjs';
import { startFinspect } from '../rig/finspect.mjs';
import { startPlainProxy } from '../rig/plain-proxy.mjs';
import { AGENT, DOMAIN, PORT } from '../rig/prosody.mjs';
import { NODE, RESOURCE, UPDATE, ping, seen, signIn, signOut, subscribe, transcript } from '../rig/session.mjs';
import { until } from '../rig/wait.mjs';

export const name = 'strophe';

export async function run(checks, { place, binary, prosody, publisher }) {
  const plainPort = await startPlainProxy(place, `${DOMAIN}:${PORT}`, prosody.https);
  const control = await checks.step('without finspect the whole session works', async () => {
    const browser = await startBrowser(place, 'control',
      { args: [`--proxy-server=http://127.0.0.1:${plainPort}`], trusted: prosody.authority });
    return session(browser, publisher);
  });
  const finspect = await checks.step('finspect starts', () => startFinspect(place, binary, 'strophe', [
    '--intercept', DOMAIN, '--resolve', `${DOMAIN}:${PORT}:127.0.0.1:${prosody.https}`,
    '--upstream-ca', prosody.authority, '--format', 'pretty',
  ]));
  const through = await checks.step('the whole session works through finspect', async () => {
    const browser = await startBrowser(place, 'strophe',
      { args: [`--proxy-server=http://${finspect.address}`], trusted: finspect.ready.ca });
    return session(browser, publisher);
  });
  checks.that('the page saw the same stanzas as without finspect', through.join('\n') === control.join('\n'),
    difference(control, through));
  await checks.step('finspect tells the end of the socket', () => finspect.program.until('the logout in the output',
    () => /unavailable/.test(finspect.program.stdout())));
  const code = await finspect.program.stop();
  checks.that('finspect ends with status 0 when asked to', code === 0, finspect.program.fate());
  checks.story(finspect.program.stdout(), STORY);
  secrecy(checks, finspect);
}

/** Runs the session and closes the browser; what the page saw. */
async function session(browser, publisher) {
  const page = await signIn(browser);
  await subscribe(page);
  await publisher.publish(NODE, UPDATE);
  await until('the event in the page', async () => (await seen(page, 'event')).includes(UPDATE));
  await ping(page);
  await signOut(page);
  const saw = await transcript(page);
  await browser.close();
  return saw;
}

/** What a person has to be able to read, in the order in which it happened. */
const STORY = [
  ['the upgrade request', /GET \/ws\//],
  ['the 101', /\b101\b/],
  ['the open of the stream', /<open\b[^>]*to=['"]finesse\.test['"]/],
  ['the features with their mechanisms', /<mechanism>PLAIN<\/mechanism>/],
  ['the auth with mechanism and user', /auth\b.*PLAIN.*1001002/],
  ['the success', /<success\b/],
  ['the second open', /<open\b[^>]*to=['"]finesse\.test['"]/],
  ['the bind request', /<resource>desktop<\/resource>/],
  ['the JID that the bind gave', new RegExp(`<jid>${AGENT.user}@finesse\\.test/${RESOURCE}</jid>`)],
  ['the presence', /<presence\b/],
  ['the subscribe and its node', /<subscribe\b[^>]*\/finesse\/api\/User\/1001002/],
  ['the answer to the subscribe', /subscription=['"]subscribed['"]/],
  ['the notification and its node', /<items\b[^>]*\/finesse\/api\/User\/1001002/],
  ['the payload, unfolded', /<Update>/],
  ['the state in the payload, as XML of its own', /^\s*<state>READY<\/state>\s*$/m],
  ['the request id in the payload', /<requestId>7f3c9a10-e2e<\/requestId>/],
  ['the ping', /\bping\b/],
  ['the unavailable presence', /<presence\b[^>]*type=['"]unavailable['"]/],
  ['the close of the stream', /<close\b/],
];

/** The password must stand in no output, in no form. */
function secrecy(checks, { program, recording }) {
  const places = { stdout: program.stdout(), stderr: program.stderr() };
  for (const file of recording ? filesOf(recording) : []) places[file] = readFileSync(file, 'latin1');
  for (const [where, text] of Object.entries(places)) {
    const leaked = forms(AGENT.password).filter((form) => text.includes(form));
    checks.that(`the password stands nowhere in ${where.split('/').at(-1)}`, leaked.length === 0, leaked.join(' '));
  }
}

/** A secret as it is, percent-encoded, XML-escaped, and in base64 at each of the three alignments. */
function forms(secret) {
  const base64 = [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(`${'\0'.repeat(shift)}${secret}`).toString('base64');
    // The characters at both ends mix with the neighbours' bits.
    return encoded.slice(shift === 0 ? 0 : 4, Math.floor((secret.length + shift) / 3) * 4);
  });
  return [secret, encodeURIComponent(secret), secret.replaceAll('&', '&amp;'), ...base64];
}

function filesOf(path) {
  return statSync(path).isDirectory() ? readdirSync(path).map((file) => `${path}/${file}`) : [path];
}

/** The first line in which two transcripts differ. */
function difference(expected, found) {
  const line = expected.findIndex((text, index) => text !== found[index]);
  return line < 0 ? `${found.length - expected.length} lines more` : `line ${line + 1}:\n- ${expected[line]}\n+ ${found[line]}`;
}
