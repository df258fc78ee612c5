// Faults of the agent's own machine: finspect gets no processor time, the network goes and comes.

export const faults = [
  {
    name: 'finspect-starved',
    rule: 'finspect-starved',
    async make(fault) {
      const desk = await fault.calm();
      await fault.checks.step('finspect is held until the desk has given up and tried again', async () => {
        fault.finspect.program.child.kill('SIGSTOP');
        await desk.until('disconnected', 2);
        fault.finspect.program.child.kill('SIGCONT');
      });
      await fault.checks.step('the desk is back', async () => {
        await desk.until('connected', 2);
        await desk.pings(2);
      });
    },
    signature(recording, checks, { interval }) {
      const late = recording.all('host', ({ starved }) => starved).map(({ content }) => content.starved.late);
      checks.that(`finspect notices that it was held (${late.join(', ')} µs late)`, Math.max(...late) > interval * 1000);
      checks.that('the agent is bound again', recording.bound().length >= 2, String(recording.bound()));
    },
  },
  {
    name: 'network-changed',
    rule: 'network-changed',
    // Everybody on the machine is told of it.
    alone: true,
    async make(fault) {
      const desk = await fault.calm();
      await fault.checks.step('the interface goes down, and the desk tries in vain', async () => {
        await fault.path.unplug();
        await desk.until('disconnected', 2);
        await fault.told('an attempt without a route', (recording) => recording.has('upstream-failed'));
      });
      await fault.checks.step('the interface is up and the desk is back', async () => {
        await fault.path.plug();
        await desk.until('connected', 2);
        await desk.pings(2);
      });
    },
    signature(recording, checks, { path }) {
      const changes = recording.all('host', ({ interface: one }) => one?.name === path.device);
      const states = changes.map(({ content }) => content.interface.is);
      checks.that(`the interface is down, and up (${states.join(', ')})`, states[0] === 'down' && states.at(-1) === 'up');
      const reasons = recording.all('upstream-failed').map(({ content }) => content.reason);
      checks.that('there is no way to the server', reasons.includes('network-unreachable'), JSON.stringify(reasons));
      checks.that('the agent is bound again', recording.bound().length >= 2, String(recording.bound()));
    },
  },
];
