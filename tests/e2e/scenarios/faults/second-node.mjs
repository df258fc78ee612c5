// A second node, to which the desktop turns when three attempts at the first one were vain; and the sign-out that Finesse's
// first node still owes the agent, which arrives there.

import { DOMAIN, OTHER_DOMAIN as OTHER, PORT } from '../../rig/prosody.mjs';
import { nodeOf } from '../../rig/session.mjs';

/** Intervals of the ping from the loss to the late sign-out: a minute of grace, as a desktop counts. */
const GRACE = 6;

export const faults = [
  {
    name: 'service-restart.other-node',
    rule: 'service-restart',
    async make(fault) {
      const { desk, other } = await failover(fault, 'the first node is killed', (first) => first.program.child.kill('SIGKILL'));
      await fault.checks.step('the agent is signed out there for what was lost before', async () => {
        desk.subscribe(nodeOf(fault.agent.user));
        await desk.pings(GRACE);
        await other.publisher.publish(nodeOf(fault.agent.user), signedOut(fault.agent.user));
        await fault.told('the sign-out', (recording) => signOuts(recording).length > 0);
      });
    },
    signature(recording, checks) {
      moved(recording, checks);
      const [out] = signOuts(recording);
      checks.that('the sign-out comes from the other one', hostOf(recording, out.connection) === OTHER);
      const refused = recording.all('upstream-failed', ({ reason }) => reason === 'connection-refused');
      checks.that('the first node refuses three attempts', refused.length === 3, String(refused.length));
    },
    story(incident, checks, stage) {
      story(incident, checks, stage);
      const { states } = incident.story;
      checks.that('it tells of the sign-out, and why', states.some((one) => one.state === 'LOGOUT' && one['reason-code'] === '255'));
      const consequences = incident.consequences.map(({ rule }) => rule);
      checks.that('the sign-out is a consequence', consequences.includes('late-logout'), consequences.join(', '));
    },
  },
  {
    name: 'path-black-hole.other-node',
    rule: 'path-black-hole',
    slow: true,
    // Here it takes longer than Finesse does until it signs the agent out, so nobody hears of that.
    make: (fault) => failover(fault, 'the path to the first node swallows everything', (first) => fault.path.swallow(first.https)),
    signature: moved,
    story,
  },
];

/** A desk that knows two nodes loses the first of them; the desk and the other node. */
async function failover(fault, what, harm) {
  const [first, other] = await fault.checks.step('two nodes start',
    () => Promise.all([fault.ownProsody(), fault.ownProsody({ of: '2', settings: { domain: OTHER } })]));
  const desk = await fault.calm(first.front, {
    trusts: [first.authority, other.authority],
    args: ['--intercept', OTHER, '--resolve', `${OTHER}:${PORT}:${other.front}`],
    desk: { nodes: [DOMAIN, OTHER] },
  });
  await fault.checks.step(`${what}, and the desk turns to the other one`, async () => {
    await harm(first);
    await fault.told('the bind at the other one', (recording) => recording.bound().length === 2, 30 * fault.interval);
    await desk.until('connected', 2);
    await desk.pings(2);
  });
  return { desk, other };
}

/** What Finesse says of an agent whose desktop it has lost. */
function signedOut(user) {
  return `<Update><data><user><loginId>${user}</loginId><reasonCodeId>255</reasonCodeId><ReasonCode><code>255</code>`
    + `<label>Logged Out - Connection Failure</label><category>LOGOUT</category></ReasonCode><state>LOGOUT</state></user></data>`
    + `<event>PUT</event><requestId></requestId><source>/finesse/api/User/${user}</source></Update>`;
}

function signOuts(recording) {
  return recording.stanzas(({ kind }, { direction }) => kind.notification && direction === 'to-client');
}

/** The agent is bound at one node and then at the other, and signed out there. */
function moved(recording, checks) {
  const hosts = recording.bound().map((connection) => hostOf(recording, connection));
  checks.that('the agent is bound at one node, then at the other', String(hosts) === `${DOMAIN},${OTHER}`, String(hosts));
}

/** The host that a connection was opened to. */
function hostOf(recording, connection) {
  const [entered] = recording.all('client-hello', (_, event) => event.connection === connection);
  return entered?.content['server-name'];
}

/** What the diagnosis has to tell: three attempts in vain, one at the other node, and when service was back. */
function story(incident, checks, { interval }) {
  const { tried, 'out-of-service': out } = incident.story;
  const nodes = tried.map(({ node, success }) => `${node} ${success}`);
  const wanted = [...Array(3).fill(`${DOMAIN}:${PORT} false`), `${OTHER}:${PORT} true`];
  checks.that('it tells of three attempts at the first node and one at the other', String(nodes) === String(wanted), nodes.join(', '));
  checks.that(`it tells for how long there was no service (${out} µs)`, out > 3 * interval * 1000);
}
