// Every bad path with every kind of desk: the combinations in which a false alarm is most likely. On the path something
// is lost, late or short all the time, from before the login on unless the desk loads a page, and every ping is answered.

import { randomBytes } from 'node:crypto';
import { startDeflatingRelay } from '../../rig/deflating-relay.mjs';
import { startHaproxy } from '../../rig/haproxy.mjs';
import { DOMAIN } from '../../rig/prosody.mjs';
import { nodeOf, tunnel } from '../../rig/session.mjs';
import { startSlowRelay } from '../../rig/slow-relay.mjs';
import { LOST } from './path.mjs';
import { asking, signIn, startNear } from './simulator.mjs';
import { inTurn, late } from './slow.mjs';

/** The paths: what is done to the cable, or how late a relay hands on what the server says, in intervals. */
const PATHS = [
  { name: 'lossy-5', harm: (path) => path.lose('random mod 100 < 5') },
  { name: 'lossy-30', harm: (path) => path.lose('random mod 100 < 30'), shown: LOST },
  { name: 'narrow', harm: (path) => path.narrow('1 kbytes/second burst 1 kbytes'), shown: LOST },
  { name: 'outages', harm: (path) => path.swallow(), shown: LOST, lasts: 0.5, every: 2.1 },
  { name: 'delayed', delay: () => () => 0.04, shown: late(0.4) },
  { name: 'jitter', delay: () => inTurn([0.02, 0.4, 0.05, 0.1, 0.01, 0.3, 0.15, 0.05]), shown: late(3) },
];

/** The desks: the server that they need, how they come, unless as the usual one does, and what they do then. */
const DESKS = [
  { name: 'busy', act: (fault, desk, server) => busy(fault, desk, server, 60, 6) },
  {
    name: 'goodbye',
    async act(fault, desk, server) {
      await busy(fault, desk, server, 10, 2);
      await desk.leave();
      await fault.intervals(1);
    },
  },
  {
    name: 'deflate',
    server: deflating,
    act: (fault, desk, server) => busy(fault, desk, server, 20, 2),
  },
  {
    name: 'tls12',
    server: (fault) => own(fault, { protocol: 'tlsv1_2' }),
    options: { desk: { tls: { maxVersion: 'TLSv1.2' } } },
    act: (fault, desk, server) => busy(fault, desk, server, 20, 2),
  },
  {
    name: 'two-agents',
    binds: 3,
    colleagues: 1,
    async act(fault, desk, server) {
      const other = fault.desk({ agent: fault.colleague(0) });
      const comesAndGoes = async () => {
        for (const time of [1, 2]) {
          other.connect();
          await other.until('connected', time);
          await other.pings(3);
          await other.leave();
          await fault.intervals(0.5);
        }
      };
      await Promise.all([comesAndGoes(), busy(fault, desk, server, 20, 2)]);
    },
  },
  {
    name: 'noise',
    options: (fault) => ({ args: ['--resolve', `${DOMAIN}:8446:${fault.path.address}:${fault.stage.ports().https}`] }),
    async act(fault, desk, server) {
      const noise = [(count) => desk.visit(`/desktop/gadget-${count}.js`), () => desk.spare(`${DOMAIN}:8446`),
        () => desk.spare('elsewhere.test:443'), async () => (await desk.spare()).destroy()];
      for (let count = 0; count < 16; count += 1) {
        // Whatever becomes of it.
        noise[count % noise.length](count).catch(() => {});
        await fault.intervals(0.5);
      }
      await busy(fault, desk, server, 4, 2);
    },
  },
  {
    name: 'rest',
    server: simulated,
    async sit(fault) {
      const desk = fault.desk();
      desk.rest = asking(fault, desk);
      await signIn(fault, desk.rest);
      return signedIn(desk);
    },
    async act(fault, desk) {
      for (let count = 0; count < 8; count += 1) {
        for (const path of ['', '/Dialogs', '/Nothing']) await desk.rest('GET', `User/${fault.agent.user}${path}`);
        await desk.rest('PUT', `User/${fault.agent.user}`, `<User><state>${count % 2 ? 'NOT_READY' : 'READY'}</state></User>`);
        await fault.intervals(1);
      }
      await desk.pings(2);
    },
  },
  {
    name: 'restart',
    binds: 2,
    server: (fault) => own(fault),
    async act(fault, desk, server) {
      await busy(fault, desk, server, 6, 2);
      await desk.leave();
      await fault.intervals(0.5);
      await server.prosody.program.stop();
      await fault.intervals(1);
      await server.prosody.start();
      const publisher = await fault.publisher(server.prosody);
      desk.connect();
      await desk.until('connected', 2);
      await busy(fault, desk, { publisher }, 6, 2);
    },
  },
  {
    name: 'reload',
    binds: 2,
    loads: true,
    sit: browser,
    async act(fault, { window, page }, server) {
      await published(fault, server, 10, 2);
      await page.reload();
      await tunnel(page, fault.agent, fault.interval);
      await fault.told('the second bind', (recording) => recording.bound().length === 2);
      await published(fault, server, 10, 2);
      await page.goto('about:blank');
      await fault.told('the end of the WebSocket', (recording) => recording.manner(recording.bound()[1], 'to-server'));
      await window.close();
    },
  },
];

export const healthy = PATHS.flatMap((path) => DESKS.map((desk) => ({
  name: `grid-${path.name}.${desk.name}`,
  named: true,
  binds: desk.binds,
  colleagues: desk.colleagues,
  shown: path.shown,
  make: (fault) => shift(fault, path, desk),
})));

/** A server, the path to it, and a desk that stays until it wants to go. */
async function shift(fault, path, desk) {
  const { checks } = fault;
  const server = await checks.step('there is a server', () => (desk.server ?? shared)(fault));
  const way = await checks.step('there is a path', () => (path.delay ? slow(fault, path, server) : cable(fault, path, server)));
  const options = typeof desk.options === 'function' ? desk.options(fault) : desk.options;
  const seated = await checks.step('a desk is connected', async () => {
    if (!desk.loads) await way.begin();
    await fault.startFinspect(way.to, { trusts: server.trusts, ...options });
    const one = await (desk.sit ?? usual)(fault, options);
    if (desk.loads) await way.begin();
    return one;
  });
  await checks.step('the shift goes on', () => desk.act(fault, seated, server));
  await way.end();
}

/** The cable to the server, which is bad all the time or every so often; some packets have to be dropped on it. */
function cable(fault, { harm, lasts, every }, server) {
  let dropped = 0;
  let over = false;
  let rounds;
  const again = async () => {
    while (!over) {
      await fault.intervals(every);
      await harm(fault.path);
      await fault.intervals(lasts);
      dropped += await fault.path.heal();
    }
  };
  return {
    to: server.front,
    async begin() {
      if (every) rounds = again();
      else await harm(fault.path);
    },
    async end() {
      over = true;
      await rounds;
      if (!every) dropped = await fault.path.heal();
      fault.checks.that(`the path dropped packets (${dropped})`, dropped > 0);
    },
  };
}

/** A relay before the server, which is late all the time. */
async function slow(fault, { delay }, server) {
  const relay = await startSlowRelay(fault.stage.place, server.front);
  const each = delay();
  return {
    to: relay.address,
    async begin() {
      relay.delay = () => each() * fault.interval;
    },
    async end() {
      relay.delay = 0;
    },
  };
}

/** The Prosody of all. */
async function shared({ front, stage }) {
  return { front, trusts: [stage.prosody.authority], publisher: stage.publisher };
}

/** A Prosody of its own. */
async function own(fault, settings) {
  const prosody = await fault.ownProsody({ settings });
  return { front: prosody.front, trusts: [prosody.authority], publisher: prosody.publisher, prosody };
}

/** A server that compresses, at the far end of the path; its ways behind that are good. */
async function deflating(fault) {
  const { place, prosody, network, publisher } = fault.stage;
  const { near } = network.paths.at(-1);
  const relay = await startDeflatingRelay(place, fault.name, { address: prosody.address, port: prosody.http }, { listen: near });
  const port = await startHaproxy(fault, relay.address, {});
  return { front: `${fault.path.address}:${port}`, trusts: [relay.authority], publisher, dense: true };
}

/** A simulated Finesse at the far end of the path. */
async function simulated(fault) {
  const simulator = await startNear(fault, { scenario: 'busy', command: fault.stage.network.command() });
  const port = await startHaproxy(fault, simulator.address, {});
  return { front: `${fault.path.address}:${port}`, trusts: [simulator.authority] };
}

/** The desk without a browser. */
function usual(fault, options) {
  return signedIn(fault.desk(options?.desk));
}

async function signedIn(desk) {
  desk.connect();
  await desk.until('connected');
  await desk.pings(2);
  return desk;
}

/** Chromium. */
async function browser(fault) {
  const window = await fault.browser();
  const page = await fault.openDesktop(window);
  return { window, page };
}

/** Events are published to a desk, and its pings go on. */
async function busy(fault, desk, server, count, perInterval) {
  desk.subscribe(nodeOf(fault.agent.user));
  await published(fault, server, count, perInterval);
  await desk.pings(2);
}

/** Publishes so many events, some every interval, and each fifth a large one, `dense` where compression makes others small. */
async function published(fault, { publisher, dense }, count, perInterval) {
  for (let sent = 0; sent < count; sent += 1) {
    const large = sent % 5 === 4;
    const text = large && dense ? randomBytes(3000).toString('hex') : `${sent} `.repeat(large ? 1500 : 100);
    await publisher.publish(nodeOf(fault.agent.user), `<Update><data>${text}</data></Update>`);
    await fault.intervals(1 / perInterval);
  }
}
