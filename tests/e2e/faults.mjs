// Real faults between real ends, each recorded by finspect and diagnosed by it.
//
//   node faults.mjs [--finspect PROGRAM] [--keep] [--keep-recordings FOLDER] [--interval MS] [--at-once COUNT] [--healthy]
//     [FAULT…]
//
// Beside them, what is no fault although it may look like one: a few of those, all and only those with --healthy.
// One line a check, and `N passed, N failed` at the end. Everything happens in namespaces of its own (network, mounts,
// processes) and in one temporary folder; whatever was started is ended, whatever happens.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drive, guarded, refuse } from './rig/driver.mjs';
import { Fault } from './rig/fault.mjs';
import { runFinspect } from './rig/finspect.mjs';
import { startNameServer } from './rig/name-server.mjs';
import { enter, inside, startNetwork } from './rig/network.mjs';
import { AGENT, DOMAIN, OTHER_DOMAIN, startProsody } from './rig/prosody.mjs';
import { Publisher } from './rig/publisher.mjs';
import { nodeOf } from './rig/session.mjs';
import { faults as blackHole } from './scenarios/faults/black-hole.mjs';
import { faults as browser } from './scenarios/faults/browser.mjs';
import { faults as clientPath } from './scenarios/faults/client-path.mjs';
import { faults as hidden } from './scenarios/faults/hidden.mjs';
import { faults as idle } from './scenarios/faults/idle.mjs';
import { faults as latency } from './scenarios/faults/latency.mjs';
import { faults as login } from './scenarios/faults/login.mjs';
import { faults as lossy } from './scenarios/faults/lossy.mjs';
import { faults as machine } from './scenarios/faults/machine.mjs';
import { faults as middle } from './scenarios/faults/middle.mjs';
import { faults as page } from './scenarios/faults/page.mjs';
import { faults as reset } from './scenarios/faults/reset.mjs';
import { faults as secondNode } from './scenarios/faults/second-node.mjs';
import { faults as service } from './scenarios/faults/service.mjs';
import { faults as timeout } from './scenarios/faults/timeout.mjs';
import { faults as wayOut } from './scenarios/faults/way-out.mjs';
import { HEALTHY } from './scenarios/healthy/all.mjs';

/** Every fault; those that take longest first. */
const FAULTS = [...hidden, ...secondNode, ...blackHole, ...clientPath, ...timeout, ...idle, ...browser, ...service, ...latency, ...lossy, ...reset, ...page, ...login, ...wayOut, ...middle, ...machine];

/** Milliseconds for all of it, and intervals of the ping: a hang must not hold a build for longer. */
const WHOLE_RUN = { least: 4 * 60_000, intervals: 60 };

/** Milliseconds between pings from which on there is time for what takes minutes, because a browser has its own pace. */
const UNHURRIED = 10_000;

/** The first port of the servers: the network is ours alone. */
const FIRST_PORT = 20_000;

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    finspect: { type: 'string' },
    keep: { type: 'boolean' },
    'keep-recordings': { type: 'string' },
    healthy: { type: 'boolean' },
    interval: { type: 'string', default: '1000' },
    'at-once': { type: 'string', default: '8' },
  },
});
const binary = options.finspect ? resolve(options.finspect) : fileURLToPath(new URL('../../target/debug/finspect', import.meta.url));
const called = (one) => ({ name }) => name === one || name.startsWith(`${one}.`);
const named = [...FAULTS, ...HEALTHY].filter((fault) => wanted.some((one) => called(one)(fault)));
const interval = Number(options.interval);
const inTime = (options.healthy ? HEALTHY : FAULTS).filter(({ slow, chance, named: asked }) => !chance && !asked && (!slow || interval >= UNHURRIED));
const unnamed = options.healthy ? inTime : [...inTime, ...HEALTHY.filter(({ quick }) => quick)];
const faults = wanted.length > 0 ? named : unnamed;
const unknown = wanted.filter((one) => ![...FAULTS, ...HEALTHY].some(called(one)));

if (unknown.length > 0) {
  refuse('faults.mjs', `no fault ${unknown.join(', ')}; there are ${[...FAULTS, ...HEALTHY].map(({ name }) => name).join(', ')}`);
}
if (!existsSync(binary)) refuse('faults.mjs', `no program at ${binary}; run cargo build first, or name it with --finspect`);

/** Faults that were not made, or are not in the recording as they should be: their logs are of interest. */
const unclear = new Set(['stage']);

if (!inside()) {
  enter();
} else {
  const telling = (title) => [...unclear].some((name) => title.includes(name));
  await drive({ keep: options.keep, bound: WHOLE_RUN.least + WHOLE_RUN.intervals * interval, telling }, all);
}

/** Makes the faults, several at once, each on a path of its own. */
async function all({ place, tally, giveUp }) {
  process.stdin.on('end', () => giveUp('nobody listens any more')).resume();
  const ports = portsFrom(FIRST_PORT);
  const agents = faults.map(({ colleagues = 0 }, index) => ({ ...AGENT, user: String(1001002 + index),
    colleagues: Array.from({ length: colleagues }, (_, other) => ({ ...AGENT, user: String(1002002 + 10 * index + other) })) }));
  const everybody = agents.flatMap((agent) => [agent, ...agent.colleagues]);
  const stage = await guarded('stage', tally, async (checks) => {
    const network = await checks.step('a network of our own stands', () => startNetwork(place, faults.length + 1));
    await checks.step('a name server that knows no name', () => startNameServer(place));
    const servers = (address) => ({ address, listen: '0.0.0.0', command: network.command });
    const calm = network.paths.at(-1);
    const prosody = await checks.step('Prosody starts',
      () => startProsody(place, { agents: everybody, where: servers(calm.address), ports: ports() }));
    const publisher = await checks.step('its publisher logs in', async () => {
      const entered = await Publisher.enter(prosody);
      place.onLeave(() => entered.leave());
      for (const { user } of agents) await entered.create(nodeOf(user));
      return entered;
    });
    await checks.step('an authority is made', async () => {
      const made = await runFinspect(place, binary, ['ca', 'create', '--for', DOMAIN, '--for', OTHER_DOMAIN,
        '--ca-dir', place.path('authority')]);
      if (made.status !== 0) throw new Error(made.stderr);
    });
    return { place, binary, network, servers, ports, prosody, publisher, interval, keepRecordings: options['keep-recordings'] };
  });
  if (!stage) return;
  const each = faults.map((fault, index) => ({ fault, agent: agents[index], path: stage.network.paths[index] }));
  const together = each.filter(({ fault }) => !fault.alone);
  const work = (rest) => async () => {
    for (let next = rest.shift(); next; next = rest.shift()) {
      const { fault, agent, path } = next;
      await guarded(fault.name, tally, async (checks) => {
        await new Fault(fault, stage, checks, agent, path).run().finally(() => checks.failed && unclear.add(fault.name));
      });
    }
  };
  await Promise.all(Array.from({ length: Number(options['at-once']) }, work(together)));
  await work(each.filter(({ fault }) => fault.alone))();
}

/** Gives two ports at each call, for Prosody's two sides. */
function portsFrom(first) {
  let next = first;
  return () => {
    next += 2;
    return { https: next - 2, http: next - 1 };
  };
}
