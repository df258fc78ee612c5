// The agent desktop as a client without a browser, with the rules of Finesse's event tunnel: a ping every so often; the
// second one sent while the first is unanswered means that the connection is lost. The dead socket stays as it is until
// the next attempt, which ends it with an empty Close and without a word of XMPP.

import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import WebSocket from 'ws';
import { DOMAIN, PORT, PUBLISHER } from './prosody.mjs';
import { RESOURCE } from './session.mjs';
import { until, within } from './wait.mjs';

const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';

/** The presence without which the desktop is not connected. */
const PUBLISHER_THERE = new RegExp(`^<presence (?![^>]*type=)[^>]*from=['"]${PUBLISHER.user}@`);

/** The second ping that is sent while none was answered is one too many. */
const UNANSWERED = 2;

/**
 * Intervals of the ping that an attempt to connect may take, how many attempts there are in a row, and after how many in
 * vain a desktop that knows another node turns to it.
 */
const ATTEMPT = { intervals: 5, count: 30, atNode: 3 };

export class Desk {
  /**
   * A client behind the proxy `door` (`host:port`) that trusts the authority; `interval` is that of its pings. It may
   * ask for another `domain` or `resource`, and say another `presence`, or none if that is empty; `tls` are more options
   * of its TLS, `direct` means that the door is the server itself to it, and `nodes` are the hosts that it knows.
   */
  constructor({ door, authority, agent, interval, domain, resource = RESOURCE, tls = {}, direct = false,
    presence = '<presence xmlns="jabber:client"/>', nodes = [DOMAIN] }) {
    Object.assign(this, { door, authority, agent, interval, domain, resource, tls, direct, presence, nodes });
    Object.assign(this, { status: [], unanswered: 0, count: 0, attempts: 0, node: 0 });
    this.lost = new Set();
  }

  /** The host that it is at, or turns to. */
  get host() {
    return this.nodes[this.node];
  }

  /** The opening of a stream. */
  get open() {
    return `<open xmlns="${FRAMING}" to="${this.domain ?? this.host}" version="1.0"/>`;
  }

  /** Loads a page, as a browser does before anybody logs in. */
  async visit(path) {
    return this.request('GET', path);
  }

  /** Asks for something on a connection of its own; the answer's status. */
  async request(method, path, { headers = {}, body = '' } = {}) {
    const tls = await this.spare();
    const all = { Host: `${this.host}:${PORT}`, Connection: 'close', 'Content-Length': Buffer.byteLength(body), ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const answer = once(tls, 'data');
    tls.write(`${method} ${path} HTTP/1.1\r\n${lines}\r\n${body}`);
    const [head] = await within(`an answer to ${method} ${path}`, answer);
    await within('the end of the answer', once(tls.resume(), 'close'));
    return Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  }

  /** A TLS connection on which nothing is said so far, to the desktop's host or to another one. */
  spare(target) {
    const attempt = {};
    this.lost.add(attempt);
    return this.#tunnel(attempt, target);
  }

  /** Connects, and goes on trying until it may not. */
  async connect() {
    this.#say('connecting');
    if (this.attempts > 0 && this.attempts % ATTEMPT.atNode === 0) this.node = (this.node + 1) % this.nodes.length;
    this.attempts += 1;
    const attempt = {};
    this.current = attempt;
    attempt.limit = setTimeout(() => this.#lost(attempt, 'timeout'), ATTEMPT.intervals * this.interval);
    try {
      attempt.tls = await this.#tunnel(attempt);
      if (this.current !== attempt) return attempt.tls.destroy();
      this.#webSocket(attempt);
    } catch (error) {
      this.#lost(attempt, error.message);
    }
    return undefined;
  }

  /** Waits until it has been `word` at least `times` times. */
  until(word, times = 1) {
    return until(`the desk of ${this.agent.user} to be ${word}`,
      () => this.status.filter((one) => one === word).length >= times, 30_000 + 15 * this.interval);
  }

  /** Waits until `count` pings were answered on the connection that stands. */
  pings(count) {
    const goal = this.answered + count;
    const bound = 10_000 + 2 * count * this.interval;
    return until(`${count} answered pings of ${this.agent.user}`, () => this.answered >= goal, bound);
  }

  /** Says something of its own. */
  say(xml) {
    this.current.socket.send(xml);
  }

  /** Subscribes to a node of Prosody's, as the full JID. */
  subscribe(node) {
    this.say(`<iq type="set" to="pubsub.${this.host}" id="subscription" xmlns="jabber:client">`
      + '<pubsub xmlns="http://jabber.org/protocol/pubsub">'
      + `<subscribe node="${node}" jid="${this.agent.user}@${this.host}/${this.resource}"/></pubsub></iq>`);
  }

  /** Pings no more, as a page does whose timers the browser holds back. */
  hide() {
    clearInterval(this.timer);
  }

  /** Pings again. */
  show() {
    const attempt = this.current;
    this.timer = setInterval(() => this.#ping(attempt), this.interval);
  }

  /** Leaves as the desktop does when its page unloads. */
  async leave() {
    this.hide();
    const { socket } = this.current;
    this.current = undefined;
    socket.send('<presence xmlns="jabber:client" type="unavailable"/>');
    socket.send(`<close xmlns="${FRAMING}"/>`);
    socket.close();
    await until(`the end of the socket of ${this.agent.user}`, () => socket.readyState === WebSocket.CLOSED);
    this.#say('left');
  }

  /** Is gone, whatever stands. */
  destroy() {
    this.hide();
    clearTimeout(this.again);
    clearTimeout(this.current?.limit);
    for (const { raw } of [...this.lost, this.current ?? {}]) raw?.destroy();
    this.current = undefined;
  }

  async #tunnel(attempt, target = `${this.host}:${PORT}`) {
    const [host, port] = this.door.split(':');
    attempt.raw = connect(Number(port), host).on('error', () => {});
    await once(attempt.raw, 'connect');
    if (!this.direct) {
      attempt.raw.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
      const head = await Promise.race([once(attempt.raw, 'data'), once(attempt.raw, 'close').then(() => ['no answer'])]);
      if (!/^HTTP\/1\.1 200 /.test(head[0])) throw new Error(String(head[0]).split('\r\n')[0]);
    }
    const tls = tlsConnect({ socket: attempt.raw, servername: target.split(':')[0], ca: this.authority, ALPNProtocols: ['http/1.1'],
      ...this.tls });
    tls.on('error', () => {});
    await Promise.race([once(tls, 'secureConnect'), once(tls, 'close').then(() => { throw new Error('no TLS'); })]);
    return tls;
  }

  #webSocket(attempt) {
    const socket = new WebSocket(`wss://${this.host}:${PORT}/ws/`, 'xmpp',
      { createConnection: () => attempt.tls, origin: `https://${this.host}:${PORT}` });
    attempt.socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => this.#lost(attempt, 'closed'));
    socket.on('open', () => socket.send(this.open));
    socket.on('message', (data) => this.current === attempt && this.#heard(attempt, String(data)));
  }

  /** The login, step by step, and what may come later. */
  #heard(attempt, xml) {
    const send = (text) => attempt.socket.send(text);
    if (/^<(stream:)?features/.test(xml) && xml.includes('<mechanisms')) {
      const { user, password } = this.agent;
      const secret = Buffer.from(`${user}@${this.host}\0${user}\0${password}`).toString('base64');
      send(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${secret}</auth>`);
    } else if (/^<success/.test(xml)) {
      send(this.open);
    } else if (/^<failure/.test(xml)) {
      this.#given('unauthorized', attempt);
    } else if (/^<(stream:)?features/.test(xml)) {
      send('<iq type="set" id="_bind_auth_2" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind">'
        + `<resource>${this.resource}</resource></bind></iq>`);
    } else if (/id=['"]_bind_auth_2['"]/.test(xml)) {
      if (this.presence) send(this.presence);
    } else if (this.status.at(-1) === 'connecting' && PUBLISHER_THERE.test(xml)) {
      this.#connected(attempt);
    } else if (/id=['"]\d+:ping['"]/.test(xml)) {
      this.unanswered = 0;
      this.answered += 1;
    } else if (/^<stream:error/.test(xml) && xml.includes('<conflict')) {
      this.#given('conflict', attempt);
    }
  }

  #connected(attempt) {
    clearTimeout(attempt.limit);
    Object.assign(this, { unanswered: 0, answered: 0, attempts: 0 });
    this.#say('connected');
    this.timer = setInterval(() => this.#ping(attempt), this.interval);
  }

  #ping(attempt) {
    this.count += 1;
    this.unanswered += 1;
    attempt.socket.send(`<iq type="get" to="${this.host}" id="${this.count}:ping" xmlns="jabber:client">`
      + '<ping xmlns="urn:xmpp:ping"/></iq>');
    if (this.unanswered >= UNANSWERED) this.#lost(attempt, 'unanswered');
  }

  /** The connection is no more, for the desk at least: it is left as it is, and another one is tried after a while. */
  #lost(attempt, why) {
    clearTimeout(attempt.limit);
    if (this.current !== attempt) return;
    this.#part(attempt);
    this.#say(`lost: ${why}`);
    this.#say('disconnected');
    if (this.attempts >= ATTEMPT.count) return;
    this.again = setTimeout(() => {
      if (attempt.socket) attempt.socket.close();
      else attempt.raw?.destroy();
      this.connect();
    }, this.interval);
  }

  /** The server said no: there is no other attempt. */
  #given(word, attempt) {
    clearTimeout(attempt.limit);
    this.#part(attempt);
    this.#say(word);
    attempt.socket.close();
  }

  #part(attempt) {
    this.hide();
    this.current = undefined;
    this.lost.add(attempt);
  }

  #say(word) {
    this.status.push(word);
  }
}
