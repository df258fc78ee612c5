// Everything that is no fault, although some of it may look like one: those that take longest first. A row is like a
// fault's; `quick` are those that run beside the faults each time, `pace` is how many times as far apart its pings are,
// `colleagues` how many more agents it needs, `binds` how often somebody is bound, `shown` what has to be seen in the
// recording, so that it is a proof of something, and what is `named` is made only when somebody names it.

import { healthy as between } from './between.mjs';
import { healthy as grid } from './grid.mjs';
import { healthy as noise } from './noise.mjs';
import { healthy as page } from './page.mjs';
import { healthy as path } from './path.mjs';
import { healthy as pause } from './pause.mjs';
import { healthy as shift } from './shift.mjs';
import { healthy as simulator } from './simulator.mjs';
import { healthy as slow } from './slow.mjs';

/** Every one of them, as a row of the driver's table. */
export const HEALTHY = [...shift, ...page, ...simulator, ...path, ...slow, ...pause, ...between, ...noise, ...grid]
  .map((row) => ({ signature: whole, ...row, name: `healthy.real-${row.name}`, rule: 'healthy' }));

/** Every ping is answered but the last of its connection, and the agents are bound as often as the row says, or once. */
function whole(recording, checks, made) {
  const { binds = 1, shown } = made.fault;
  const pings = recording.pings();
  const last = new Map(pings.map((ping) => [ping.connection, ping]));
  const lost = pings.filter((ping) => !ping.answer && last.get(ping.connection) !== ping);
  checks.that(`each of ${pings.length} pings is answered`, lost.length === 0, lost.map(({ number }) => number).join(' '));
  const bound = recording.bound().length;
  checks.that(`somebody is bound ${binds} times`, bound === binds, String(bound));
  if (shown) checks.that(shown[0], shown[1](recording, made));
}
