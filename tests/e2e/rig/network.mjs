// A network of the driver's own, so that a path can be broken: a namespace for everything on the agent's machine, one
// for the servers, and between them one cable for each fault. With the last process in them all of it is gone.

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Says that this is the inner run. */
const INSIDE = 'FINSPECT_FAULTS_NAMESPACE';

/** Small buffers for a namespace, so that it takes little until a peer that does not read holds up everything. */
const BUFFERS = `for buffer in tcp_rmem tcp_wmem; do echo 4096 65536 262144 >/proc/sys/net/ipv4/$buffer; done`;

/** Before the inner run: what `/sys` and the resolver tell is that of whoever mounted them. */
const SETUP = `set -e
mount -t sysfs none /sys
mount --bind "$1" /etc/resolv.conf
rm "$1" && rmdir "$(dirname "$1")"
${BUFFERS}
ip link set lo up
shift
exec "$@"`;

/** Whether this run is inside already. */
export function inside() {
  return process.env[INSIDE] !== undefined;
}

/**
 * Runs this program again in namespaces of its own (network, mounts, processes; no privileges needed where users may
 * have namespaces) and ends with its status. If this run is ended in any manner, the inner one sees the end of its
 * standard input and ends everything in order.
 */
export function enter() {
  const folder = mkdtempSync(join(tmpdir(), 'finspect-faults-'));
  const resolver = join(folder, 'resolv.conf');
  writeFileSync(resolver, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  const inner = spawn('unshare', ['-rnmp', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', SETUP, 'sh', resolver,
    process.execPath, ...process.argv.slice(1)], {
    stdio: ['pipe', 'inherit', 'inherit'],
    // Debian has some of what is run here where only root looks.
    env: { ...process.env, [INSIDE]: '1', PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  inner.on('error', (error) => {
    console.error(`unshare of util-linux: ${error.message}`);
    process.exit(2);
  });
  inner.on('exit', (status) => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(status ?? 1);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => inner.stdin.end());
}

/** The servers' side of the network: `paths` lead there, and `command` gives the words that run a command there. */
export async function startNetwork(place, count) {
  const holder = place.start('servers', 'unshare', ['-n', 'sh', '-c', `${BUFFERS}; exec sleep infinity`]);
  const namespace = `/proc/${holder.child.pid}/ns/net`;
  const ours = readlinkSync('/proc/self/ns/net');
  await holder.until('the servers to have a network of their own', () => readlinkSync(namespace) !== ours);
  const command = (...words) => ['nsenter', `--net=${namespace}`, ...words];
  const paths = Array.from({ length: count }, (_, index) => new Path(index + 1, command));
  await fed(['ip', '-batch', '-'], paths.flatMap((path) => path.here(holder.child.pid)));
  await fed(command('ip', '-batch', '-'), ['link set lo up', ...paths.flatMap((path) => path.there())]);
  return { command, paths };
}

/** A cable from the agent's machine to the servers, with two addresses of its own. */
export class Path {
  constructor(number, command) {
    Object.assign(this, { number, command, near: `10.77.${number}.1`, address: `10.77.${number}.2` });
  }

  /** Lines for `ip` on the agent's machine. */
  here(holder) {
    return [`link add ${this.device} type veth peer name far${this.number} netns ${holder}`,
      ...up(this.device, this.near)];
  }

  /** Lines for `ip` where the servers are. */
  there() {
    return up(`far${this.number}`, this.address);
  }

  /** The interface on the agent's machine. */
  get device() {
    return `near${this.number}`;
  }

  /** Takes the interface on the agent's machine down, with the routes over it, and up again. */
  unplug() {
    return run(['ip', 'link', 'set', 'dev', this.device, 'down']);
  }

  plug() {
    return run(['ip', 'link', 'set', 'dev', this.device, 'up']);
  }

  /** Swallows everything, both ways, or what goes to a port of the servers and comes from it. */
  swallow(port = undefined) {
    const [to, from] = port ? [`tcp dport ${port}`, `tcp sport ${port}`] : ['', ''];
    return this.#rules(
      `chain arriving { type filter hook prerouting priority 0; iifname far${this.number} ${to} counter drop; }`,
      `chain leaving { type filter hook postrouting priority 0; oifname far${this.number} ${from} counter drop; }`);
  }

  /** Swallows everything where it arrives, at either end: who sent it believes that it has left. */
  async swallowArriving() {
    await this.swallowOneWay(true);
    await fed(['nft', '-f', '-'], [`table inet ${this.#table()} {`,
      `chain arriving { type filter hook prerouting priority 0; iifname ${this.device} drop; }`, '}']);
  }

  /** Is a path again, after that. */
  async healArriving() {
    await this.heal();
    await run(['nft', 'delete', 'table', 'inet', this.#table()]);
  }

  /** Swallows what goes to the servers alone, or what comes from them. */
  swallowOneWay(there) {
    return this.#rules(there
      ? `chain arriving { type filter hook prerouting priority 0; iifname far${this.number} counter drop; }`
      : `chain leaving { type filter hook postrouting priority 0; oifname far${this.number} counter drop; }`);
  }

  /** Loses packets both ways: those of which nft's `numgen` says so, such as `random mod 100 < 20`. */
  lose(which) {
    return this.#rules(
      `chain arriving { type filter hook prerouting priority 0; iifname far${this.number} numgen ${which} counter drop; }`,
      `chain leaving { type filter hook postrouting priority 0; oifname far${this.number} numgen ${which} counter drop; }`);
  }

  /** Loses what comes from the servers faster than `rate`, such as `40 kbytes/second burst 20 kbytes`. */
  narrow(rate) {
    return this.#rules(`chain leaving { type filter hook postrouting priority 0;
      oifname far${this.number} limit rate over ${rate} counter drop; }`);
  }

  /** Answers what arrives for the port with RST. */
  reset(port) {
    return this.#rules(`chain arriving { type filter hook input priority 0;
      iifname far${this.number} tcp dport ${port} reject with tcp reset; }`);
  }

  /** Leads new connections to one port to another one; those that stand would look new too, to who looks from now on. */
  divert(port, elsewhere) {
    return this.#rules(`chain arriving { type nat hook prerouting priority -100;
      iifname far${this.number} tcp dport ${port} tcp flags & (syn | ack) == syn redirect to :${elsewhere}; }`);
  }

  /** Is a path again; how many packets were dropped. */
  async heal() {
    const { stdout } = await run(this.command('nft', 'list', 'table', 'inet', this.#table()));
    await run(this.command('nft', 'delete', 'table', 'inet', this.#table()));
    return [...stdout.matchAll(/counter packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
  }

  #rules(...chains) {
    return fed(this.command('nft', '-f', '-'), [`table inet ${this.#table()} {`, ...chains, '}']);
  }

  #table() {
    return `path${this.number}`;
  }
}

/** Without IPv6, whose addresses come up seconds later: a browser takes that for another network, and starts over. */
function up(device, address) {
  return [`link set dev ${device} addrgenmode none`, `address add ${address}/24 dev ${device}`, `link set dev ${device} up`];
}

/** Runs a command that reads lines from its standard input. */
function fed(command, lines) {
  const done = run(command);
  done.child.stdin.end(`${lines.join('\n')}\n`);
  return done;
}

function run([program, ...args]) {
  return promisify(execFile)(program, args);
}
