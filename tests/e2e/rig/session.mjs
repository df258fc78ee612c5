// One session of an agent in the browser, the same whatever stands between: login, subscribe, event, ping, logout.

import { AGENT, DOMAIN, PORT, PUBLISHER } from './prosody.mjs';
import { until } from './wait.mjs';

/** The node that the agent subscribes to. */
export const NODE = nodeOf(AGENT.user);

/** The resource that the desktop binds. */
export const RESOURCE = 'desktop';

/** The presence of the user that publishes. */
const PUBLISHER_PRESENCE = new RegExp(`^<presence\\b[^>]*from="${PUBLISHER.user}@`);

/** The event that is published to it. */
export const UPDATE = [
  '<Update>',
  `<data><user><state>READY</state><loginId>${AGENT.user}</loginId><firstName>Ada &amp; Eve</firstName></user></data>`,
  `<event>PUT</event><requestId>7f3c9a10-e2e</requestId><source>${NODE}</source>`,
  '</Update>',
].join('');

/** Opens the desktop page and logs in; like the desktop, it counts as connected once `finesse` is seen to be there. */
export async function signIn(browser) {
  const page = await browser.page();
  await page.goto(`https://${DOMAIN}:${PORT}/desktop/`);
  await page.evaluate(([jid, password]) => window.login(jid, password),
    [`${AGENT.user}@${DOMAIN}/${RESOURCE}`, AGENT.password]);
  await connected(page);
  return page;
}

/** Has the page that is open log in, ping and come back as the desktop's event tunnel does. */
export async function tunnel(page, { user, password }, interval) {
  await page.evaluate((options) => window.tunnel(options),
    { jid: `${user}@${DOMAIN}/${RESOURCE}`, password, service: `pubsub.${DOMAIN}`, node: nodeOf(user), interval });
  await connected(page);
}

/** The node of an agent's own events. */
export function nodeOf(user) {
  return `/finesse/api/User/${user}`;
}

/** Waits until the page counts as connected. */
async function connected(page) {
  await until('the page to be CONNECTED', async () => (await seen(page, 'status')).includes('CONNECTED'));
  await until('the presence of finesse', async () => (await seen(page, 'in')).some((xml) => PUBLISHER_PRESENCE.test(xml)));
}

/** Subscribes to the node; throws what the server said if it would not have it. */
export async function subscribe(page) {
  const answer = await page.evaluate(([service, node]) => window.subscribe(service, node), [`pubsub.${DOMAIN}`, NODE]);
  if (answer !== 'subscribed') throw new Error(`the subscription was refused: ${answer}`);
}

/** Pings; throws what the server said if that is no pong. */
export async function ping(page) {
  const answer = await page.evaluate(() => window.ping());
  if (answer !== 'pong') throw new Error(`the ping was refused: ${answer}`);
}

/** Logs out and waits until the page knows. */
export async function signOut(page) {
  await page.evaluate(() => window.logout());
  await until('the page to be DISCONNECTED', async () => (await seen(page, 'status')).includes('DISCONNECTED'));
}

/** Everything of one kind (`in`, `out`, `status`, `event`) that the page saw so far. */
export async function seen(page, kind) {
  const all = await page.evaluate(() => window.seen);
  return all.filter(([one]) => one === kind).map(([, text]) => text);
}

/** What the page sent and got, with what differs from run to run made equal. */
export async function transcript(page) {
  const all = await page.evaluate(() => window.seen);
  return all.map(([kind, text]) => `${kind} ${text}`
    .replace(/\b(id|stamp|streamid)="[^"]*"/g, '$1="…"')
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, '…'));
}
