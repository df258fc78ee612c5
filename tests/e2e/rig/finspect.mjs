// The program under test: `finspect run` and `finspect simulate`, as a user starts them.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Milliseconds until a start has to be over. */
const START = 30_000;

/**
 * Starts `finspect run` on a free port and waits for its ready file; it records to the file `record`, if any. `command` are
 * the words that run a command on its machine, which listens at `listen`.
 */
export async function startFinspect(place, binary, name, args, { record, authority = 'authority', command = [],
  listen = '127.0.0.1:0' } = {}) {
  const readyFile = place.path(`${name}.ready.json`);
  const [first, ...words] = [...command, binary, 'run'];
  const program = place.start(name, first, [...words, ...(record ? ['--record', record] : ['--no-record']),
    '--listen', listen, '--ready-file', readyFile, '--ca-dir', place.path(authority), ...args],
  { env: environment(place) });
  const ready = await program.until(`the ready file of ${name}`, () => readWhole(readyFile), START);
  const [frontDoor] = ready.listeners.filter((listener) => !listener.upstream);
  return { program, ready, address: frontDoor.address };
}

/**
 * Starts `finspect simulate` on a free port as `hostname` and waits for its ready file. It tells who may sign in. `command`
 * are the words that run a command on its machine.
 */
export async function startSimulator(place, binary, hostname, { name = 'simulator', args = [], command = [] } = {}) {
  const readyFile = place.path(`${name}.ready.json`);
  const authority = place.path(`${name}-ca.pem`);
  const [first, ...words] = [...command, binary, 'simulate'];
  const program = place.start(name, first, [...words, '--listen', '127.0.0.1:0', '--hostname', hostname,
    '--ca-out', authority, '--ready-file', readyFile, ...args], { env: environment(place) });
  const ready = await program.until('the ready file of the simulator', () => readWhole(readyFile), START);
  const [, user, password] = /\bagent (\S+), password (\S+?),/.exec(program.stderr()) ?? [];
  return { program, address: ready.address, authority, agent: { user, password } };
}

/** The events of a `--format json` output so far; a line that is still being written is left out. */
export function events(program) {
  const text = program.stdout();
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** `[name, content]` of an event's kind, which is a string where it has no content. */
export function kindOf(event) {
  if (typeof event.kind === 'string') return [event.kind, {}];
  return Object.entries(event.kind)[0];
}

/** The file's JSON, once it is whole. */
function readWhole(path) {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Runs a command of finspect to its end: its status and both outputs. The driver goes on meanwhile. */
export function runFinspect(place, binary, args) {
  return new Promise((resolve) => {
    const limits = { encoding: 'utf8', env: environment(place), timeout: START, maxBuffer: 64 << 20 };
    const child = execFile(binary, args, limits, (_, stdout, stderr) => resolve({ status: child.exitCode, stdout, stderr }));
  });
}

/** The variables of a user's shell, without those that would change what is tested. */
function environment(place) {
  const env = { ...process.env, NO_COLOR: '1', HOME: place.mkdir('home-finspect'), COLUMNS: '200' };
  for (const name of Object.keys(env)) {
    if (/^(https?|all|no)_proxy$|^SSLKEYLOGFILE$|^FINSPECT_|^XDG_/i.test(name)) delete env[name];
  }
  return env;
}
