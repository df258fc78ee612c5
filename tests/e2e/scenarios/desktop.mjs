// The simulator's desktop in a real browser that knows finspect by its PAC file alone.

import { startBrowser } from '../rig/browser.mjs';
import { events, kindOf, startFinspect, startSimulator } from '../rig/finspect.mjs';
import { DOMAIN, PORT } from '../rig/prosody.mjs';
import { leaks } from '../rig/secret.mjs';
import { until } from '../rig/wait.mjs';

export const name = 'desktop';

/** The agent's extension. */
const EXTENSION = '1081001';

export async function run(checks, { place, binary }) {
  const simulator = await checks.step('the simulator starts', () => startSimulator(place, binary, DOMAIN));
  const { user, password } = simulator.agent;
  const finspect = await checks.step('finspect starts', () => startFinspect(place, binary, 'desktop', [
    '--intercept', DOMAIN, '--resolve', `${DOMAIN}:${PORT}:${simulator.address}`,
    '--upstream-ca', simulator.authority, '--format', 'json',
  ]));
  const browser = await startBrowser(place, 'desktop',
    { args: [`--proxy-pac-url=${finspect.ready.pac}`], trusted: finspect.ready.ca });
  const page = await checks.step('the desktop page loads through the PAC file', async () => {
    const opened = await browser.page();
    await opened.goto(`https://${DOMAIN}:${PORT}/desktop`);
    return opened;
  });
  await checks.step('the agent signs in', async () => {
    await page.fill('#agent-id', user);
    await page.fill('#password', password);
    await page.fill('#extension', EXTENSION);
    await page.click('#sign-in');
    await shows(page, '#connection', /^connected$/);
    await shows(page, '#state', /^NOT_READY$/);
  });
  await checks.step('the agent goes ready and the page is told so', async () => {
    await page.click('#ready');
    await shows(page, '#state', /^READY$/);
  });
  await facts(checks, finspect, user);
  await checks.step('the agent signs out', async () => {
    await page.click('#sign-out');
    await shows(page, '#state', /^LOGOUT$/);
  });
  await checks.step('finspect tells the page\'s Close frame', () => finspect.program.until('the Close frame',
    () => of(finspect.program, 'web-socket-close').find(({ direction }) => direction === 'to-server')));
  await browser.close();
  const code = await finspect.program.stop();
  checks.that('finspect ends with status 0', code === 0, finspect.program.fate());
  const output = finspect.program.stdout() + finspect.program.stderr();
  const leaked = leaks(output, password);
  checks.that('the password stands nowhere in its outputs, neither of SASL nor of Basic', leaked.length === 0, leaked.join(' '));
}

/** The PUT, its 202, and the notification with the same request id. */
async function facts(checks, { program }, user) {
  const put = await checks.step('finspect tells the PUT that asked for READY', () => program.until('the PUT', () => {
    const bodies = of(program, 'http-body').filter(({ direction, content }) => direction === 'to-server'
      && /<state>\s*READY\s*<\/state>/.test(content.content.content.text ?? ''));
    return bodies.map((body) => of(program, 'http-request').find((request) => sameExchange(request, body)))
      .find((request) => request?.content.method === 'PUT');
  }));
  const requestId = header(put, 'requestid');
  checks.that('with a request id', Boolean(requestId), JSON.stringify(put.content.headers));
  checks.that('to the agent\'s own resource', new RegExp(`/finesse/api/User/${user}\\b`).test(put.content.target),
    put.content.target);
  const response = await checks.step('finspect tells its answer', () => program.until('the answer to the PUT',
    () => of(program, 'http-response').find((one) => sameExchange(one, put))));
  checks.that('a 202', response.content.status === 202, JSON.stringify(response.content));
  const update = await checks.step('finspect tells the Update with the same request id', () => program.until('the Update',
    () => of(program, 'xmpp-stanza').find(({ content }) => text(content.xml).includes(requestId))));
  checks.that('as a notification for the agent\'s node',
    update.content.stanza.kind.notification?.node === `/finesse/api/User/${user}`, JSON.stringify(update.content.stanza));
  checks.that('that came after the PUT, from the server', update.number > put.number && update.direction === 'to-client');
}

function of(program, wanted) {
  return events(program).filter((event) => kindOf(event)[0] === wanted)
    .map((event) => ({ ...event, content: kindOf(event)[1] }));
}

function sameExchange(one, other) {
  return one.connection === other.connection && one.content.exchange === other.content.exchange;
}

function header({ content }, wanted) {
  return content.headers.find(({ name: field }) => field.toLowerCase() === wanted)?.value;
}

function text(payload) {
  return payload.content.text ?? '';
}

/** Waits until the element's text matches. */
function shows(page, selector, pattern) {
  return until(`${selector} to show ${pattern}`, async () => pattern.test((await page.textContent(selector)).trim()));
}
