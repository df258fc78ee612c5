// What one fault has: an agent, a path to the servers, a finspect that records, and what it takes to judge the recording.

import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startBrowser } from './browser.mjs';
import { Desk } from './desk.mjs';
import { diagnosed, healthy } from './diagnosis.mjs';
import { startEjabberd } from './ejabberd.mjs';
import { startFinspect } from './finspect.mjs';
import { DOMAIN, PORT, startProsody } from './prosody.mjs';
import { Publisher } from './publisher.mjs';
import { Recording } from './recording.mjs';
import { leaks } from './secret.mjs';
import { nodeOf, tunnel } from './session.mjs';
import { until } from './wait.mjs';
import { startWindow } from './window.mjs';

/** What must not stand in a recording that is given away: where it was made. */
const MACHINE = [fileURLToPath(new URL('../../..', import.meta.url)), '/tmp/', '/home/', '/root/'];

export class Fault {
  /** `stage` is what all faults share, `agent` and `path` are this one's. */
  constructor(fault, stage, checks, agent, path) {
    Object.assign(this, { fault, name: fault.name, stage, checks, agent, path });
    this.interval = stage.interval * (fault.pace ?? 1);
    this.file = stage.place.path(`${this.name}.jsonl`);
  }

  /** Makes the fault, and judges what is recorded of it. */
  async run() {
    await this.fault.make(this);
    const recording = await this.checks.step('finspect ends in order', () => this.#end());
    this.fault.signature(recording, this.checks, this);
    this.#discretion(recording);
    if (this.stage.keepRecordings) {
      mkdirSync(this.stage.keepRecordings, { recursive: true });
      copyFileSync(this.file, join(this.stage.keepRecordings, this.isHealthy ? `${this.name}.jsonl` : `real.${this.name}.jsonl`));
    }
    const stage = { ...this.stage, interval: this.interval };
    if (this.isHealthy) await healthy(this.checks, stage, this.file);
    else await diagnosed(this.checks, stage, this.file, this.fault);
  }

  /** Whether nothing may be found. */
  get isHealthy() {
    return this.fault.rule === 'healthy';
  }

  /** Waits for so many intervals of the ping. */
  intervals(count) {
    return setTimeout(count * this.interval);
  }

  /** Where Prosody is reached on this fault's path. */
  get front() {
    return `${this.path.address}:${this.stage.prosody.https}`;
  }

  /** Starts finspect, which finds the host under test at `to`; undefined leaves that to the resolver. */
  async startFinspect(to, { args = [], authority = 'authority', machine = {},
    trusts = [this.stage.prosody.authority] } = {}) {
    this.finspect = await startFinspect(this.stage.place, this.stage.binary, this.name, [
      '--intercept', DOMAIN, '--format', 'compact', ...trusts.flatMap((file) => ['--upstream-ca', file]),
      ...(to ? ['--resolve', `${DOMAIN}:${PORT}:${to}`] : []), ...args,
    ], { record: this.file, authority, ...machine });
  }

  /** A desk without a browser; it is gone when the fault is over. */
  desk(options = {}) {
    const authority = readFileSync(this.finspect.ready.ca);
    const desk = new Desk({ door: this.finspect.address, authority, agent: this.agent, interval: this.interval, ...options });
    this.stage.place.onLeave(async () => desk.destroy());
    return desk;
  }

  /** finspect before `to`, and a desk that is connected and has seen some pings answered. */
  async calm(to = this.front, options = {}) {
    return this.checks.step('a desk is connected and its pings are answered', async () => {
      await this.startFinspect(to, options);
      const desk = this.desk(options.desk);
      desk.connect();
      await desk.until('connected');
      await desk.pings(3);
      return desk;
    });
  }

  /** finspect, and a browser whose desktop page is connected and has seen some pings answered. */
  async calmBrowser(to = this.front, options = {}) {
    return this.checks.step('a browser\'s desktop is connected and its pings are answered', async () => {
      await this.startFinspect(to, options);
      const browser = await this.browser();
      return { browser, page: await this.openDesktop(browser) };
    });
  }

  /** The desktop page of a browser, connected, and some of its pings answered. */
  async openDesktop(browser) {
    const page = await browser.page();
    await page.goto(`https://${DOMAIN}:${PORT}/desktop/`);
    await tunnel(page, this.agent, this.interval);
    await this.told('three answered pings', (recording) => recording.pings().filter(({ answer }) => answer).length >= 3);
    return page;
  }

  /** The same in a window of a browser, whose first tab is the desktop and can be covered. */
  async calmWindow(to = this.front) {
    return this.checks.step('a tab\'s desktop is connected and its pings are answered', async () => {
      await this.startFinspect(to);
      const window = await startWindow(this.stage.place, this.name,
        { args: [`--proxy-server=http://${this.finspect.address}`], trusted: this.finspect.ready.ca });
      await window.tab.goto(`https://${DOMAIN}:${PORT}/desktop/`);
      await tunnel(window.tab, this.agent, this.interval);
      await this.told('three answered pings', (recording) => recording.pings().filter(({ answer }) => answer).length >= 3);
      return window;
    });
  }

  /** A browser behind finspect, which trusts its authority unless told otherwise. */
  browser(trusted = this.finspect.ready.ca) {
    return startBrowser(this.stage.place, this.name, { args: [`--proxy-server=http://${this.finspect.address}`], trusted });
  }

  /** Another agent of the shared Prosody; there are as many as the fault's row says. */
  colleague(index) {
    return this.agent.colleagues[index];
  }

  /** A Prosody that is this fault's alone, or one `of` several, with its publisher in it unless it is `empty`. */
  async ownProsody({ of = '', empty = false, settings } = {}) {
    const prosody = await startProsody(this.stage.place, { ...this.#own('prosody', of), settings });
    return this.#fronted(prosody, empty);
  }

  /** An ejabberd that is this fault's alone, with its publisher in it; `ping` are the milliseconds between its pings. */
  async ownEjabberd(ping) {
    return this.#fronted(await startEjabberd(this.stage.place, { ...this.#own('ejabberd'), ping }));
  }

  /** The Finesse application's user, logged in to a server. */
  async publisher(server) {
    const publisher = await Publisher.enter(server);
    this.stage.place.onLeave(() => publisher.leave());
    return publisher;
  }

  /** Publishes so many events of so many characters to the agent, whose desk subscribes, some every interval. */
  async publish(desk, count, characters, perInterval) {
    desk.subscribe(nodeOf(this.agent.user));
    for (let sent = 0; sent < count; sent += 1) {
      const text = `${sent} `.repeat(characters).slice(0, characters);
      await this.stage.publisher.publish(nodeOf(this.agent.user), `<Update><data>${text}</data></Update>`);
      await this.intervals(1 / perInterval);
    }
  }

  /** Waits until what is recorded so far is like this. */
  told(what, is, bound = 30_000 + 10 * this.interval) {
    return this.finspect.program.until(what, () => is(new Recording(this.file)), bound);
  }

  /** What a server of this fault's own is started with. */
  #own(kind, of = '') {
    return { name: `${kind}${of}-${this.name}`, agents: [this.agent], where: this.stage.servers(this.path.address),
      ports: this.stage.ports() };
  }

  /** A server of this fault's own, with where it is reached and, unless it is to be `empty`, with its publisher. */
  async #fronted(server, empty = false) {
    Object.assign(server, { front: `${this.path.address}:${server.https}` });
    if (empty) return server;
    server.publisher = await this.publisher(server);
    await server.publisher.create(nodeOf(this.agent.user));
    return server;
  }

  async #end() {
    if (this.finspect.killed) return new Recording(this.file);
    const code = await this.finspect.program.stop();
    if (code !== 0) throw new Error(this.finspect.program.fate());
    return until('the recording to be whole', () => {
      const recording = new Recording(this.file);
      return recording.has('session-ended') && recording;
    });
  }

  /** The recording can be given to anybody. */
  #discretion({ text }) {
    const leaked = [...leaks(text, this.agent.password), ...MACHINE.filter((word) => text.includes(word))];
    const discreet = leaked.length === 0;
    this.checks.that('no password and no path of this machine stands in the recording', discreet, leaked.join(' '));
  }
}
