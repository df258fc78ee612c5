// The simulated Finesse, which has REST: sign-ins, changes of state, much that is read, and scenarios without harm.

import { startSimulator } from '../../rig/finspect.mjs';
import { DOMAIN, PORT } from '../../rig/prosody.mjs';
import { until } from '../../rig/wait.mjs';

/** The agent's extension. */
const EXTENSION = '1081001';

/** The pings of Finesse's desktop, in milliseconds, for which the simulator's time is made. */
const INTERVAL = 10_000;

export const healthy = [
  {
    name: 'rest-heavy',
    make: (fault) => simulated(fault, {}, async (desk, rest) => {
      for (let count = 0; count < 12; count += 1) {
        await rest('GET', `User/${fault.agent.user}`);
        await rest('GET', `User/${fault.agent.user}/Dialogs`);
        await rest('GET', 'SystemInfo');
        await rest('GET', `Dialog/${16_777_216 + count}`);
        await rest('PUT', `User/${fault.agent.user}`, `<User><state>${count % 2 ? 'NOT_READY' : 'READY'}</state></User>`);
        await fault.intervals(0.4);
      }
    }),
  },
  { name: 'simulated-busy', make: (fault) => simulated(fault, { scenario: 'busy' }, (desk) => desk.pings(5)) },
  { name: 'simulated-slow', make: (fault) => simulated(fault, { scenario: 'slow' }, (desk) => desk.pings(10)) },
  { name: 'simulated-calm', make: (fault) => simulated(fault, {}, (desk) => desk.pings(8)) },
  {
    name: 'simulated-shifts',
    binds: 2,
    make: (fault) => simulated(fault, {}, async (desk, rest) => {
      await desk.pings(3);
      await rest('PUT', `User/${fault.agent.user}`, '<User><state>LOGOUT</state></User>');
      await desk.leave();
      await fault.intervals(2);
      await signIn(fault, rest);
      desk.connect();
      await desk.until('connected', 2);
      await desk.pings(3);
    }),
  },
  {
    name: 'simulated-browser',
    async make(fault) {
      await startBehind(fault, {});
      const page = await fault.checks.step('an agent signs in on the simulated desktop', async () => {
        const browser = await fault.browser();
        const opened = await browser.page();
        await opened.goto(`https://${DOMAIN}:${PORT}/desktop`);
        await opened.fill('#agent-id', fault.agent.user);
        await opened.fill('#password', fault.agent.password);
        await opened.fill('#extension', EXTENSION);
        await opened.click('#sign-in');
        await shows(opened, '#connection', /^connected$/);
        await shows(opened, '#state', /^NOT_READY$/);
        return opened;
      });
      await fault.checks.step('goes ready and not ready, and signs out', async () => {
        for (const [button, state] of [['#ready', /^READY$/], ['#not-ready', /^NOT_READY$/]]) {
          await page.click(button);
          await shows(page, '#state', state);
          await fault.intervals(3);
        }
        await page.click('#sign-out');
        await shows(page, '#state', /^LOGOUT$/);
      });
    },
  },
];

/** An agent signs in over REST, connects, and goes on as `action` says. */
async function simulated(fault, options, action) {
  await startBehind(fault, options);
  const desk = fault.desk();
  const rest = asking(fault, desk);
  await fault.checks.step('the agent signs in and is connected', async () => {
    await signIn(fault, rest);
    desk.connect();
    await desk.until('connected');
    await desk.pings(1);
  });
  await fault.checks.step('the shift goes on', () => action(desk, rest));
}

/** A simulator of this fault's own, and finspect before it. */
async function startBehind(fault, options) {
  const simulator = await fault.checks.step('the simulator starts', () => startNear(fault, options));
  await fault.startFinspect(simulator.address, { trusts: [simulator.authority] });
}

/** A simulator of this fault's own, on the agent's machine or where `command` runs it; its agent is the fault's from now on. */
export async function startNear(fault, { scenario, command }) {
  const args = ['--pace', String(INTERVAL / fault.interval), ...(scenario ? ['--scenario', scenario] : [])];
  const { place, binary } = fault.stage;
  const simulator = await startSimulator(place, binary, DOMAIN, { name: `simulator-${fault.name}`, args, command });
  fault.agent = simulator.agent;
  return simulator;
}

/** Asks Finesse's REST API as the agent. */
export function asking({ agent }, desk) {
  let count = 0;
  return (method, path, body = '') => {
    count += 1;
    const headers = { Authorization: `Basic ${Buffer.from(`${agent.user}:${agent.password}`).toString('base64')}`,
      'Content-Type': 'application/xml', requestId: `healthy-${count}` };
    return desk.request(method, `/finesse/api/${path}`, { headers, body });
  };
}

export async function signIn({ agent }, rest) {
  const status = await rest('PUT', `User/${agent.user}`,
    `<User><state>LOGIN</state><extension>${EXTENSION}</extension></User>`);
  if (status !== 202) throw new Error(`the sign-in is answered ${status}`);
}

/** Waits until the element's text matches. */
function shows(page, selector, pattern) {
  return until(`${selector} to show ${pattern}`, async () => pattern.test((await page.textContent(selector)).trim()));
}
