// A temporary folder and everything that runs in it: processes, their logs, and their end.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './wait.mjs';

/** Milliseconds between a polite and an impolite end of a process. */
const GRACE = 5_000;

/** Lines shown of each log after a failure, and characters of each line. */
const TAIL = { lines: 25, width: 300 };

export class Place {
  /** A new folder, removed in the end unless `keep`. */
  constructor({ keep = false } = {}) {
    this.keep = keep;
    this.folder = mkdtempSync(join(tmpdir(), 'finspect-e2e-'));
    this.logs = [];
    this.endings = [];
    this.running = new Set();
    // A last resort for the ways out that run no `finally`.
    process.on('exit', () => {
      this.#killAll();
      this.#remove();
    });
  }

  /** A path in the folder. */
  path(...parts) {
    return join(this.folder, ...parts);
  }

  /** A new folder in the folder. */
  mkdir(...parts) {
    const path = this.path(...parts);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Has the file at `path` shown after a failure. */
  watch(title, path) {
    this.logs.push({ title, path });
  }

  /** Runs `ending` when the place is left, together with all others. */
  onLeave(ending) {
    this.endings.push(ending);
  }

  /** Starts a program in a process group of its own, both its outputs in files. */
  start(name, command, args, { env = process.env, cwd = this.folder } = {}) {
    const stdout = this.path(`${name}.stdout`);
    const stderr = this.path(`${name}.stderr`);
    const files = [openSync(stdout, 'w'), openSync(stderr, 'w')];
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', ...files] });
    files.forEach((file) => closeSync(file));
    this.watch(`${name} stdout`, stdout);
    this.watch(`${name} stderr`, stderr);
    const program = new Program(name, child, stdout, stderr);
    this.running.add(program);
    this.onLeave(() => program.stop().finally(() => this.running.delete(program)));
    return program;
  }

  /** Ends everything, and removes the folder. */
  async leave() {
    const ended = this.endings.map((ending) => ending().catch((error) => console.error(`while leaving: ${error.message}`)));
    this.endings = [];
    await Promise.all(ended);
    this.#remove();
  }

  /** Prints the end of every log whose title `is` wanted. */
  tellLogs(is = () => true) {
    for (const { title, path } of this.logs.filter((log) => is(log.title))) {
      const lines = existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-TAIL.lines) : [''];
      const cut = lines.map((line) => (line.length > TAIL.width ? `${line.slice(0, TAIL.width)}…` : line));
      if (cut.some(Boolean)) console.log(`--- ${title}, its last lines\n${cut.join('\n')}`);
    }
  }

  #remove() {
    if (!this.keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  #killAll() {
    for (const program of this.running) program.kill();
  }
}

/** A program that was started, with its outputs. */
export class Program {
  constructor(name, child, stdoutPath, stderrPath) {
    Object.assign(this, { name, child, stdoutPath, stderrPath, failure: undefined });
    child.on('error', (error) => {
      this.failure = error;
    });
  }

  /** What it has written to its standard output so far. */
  stdout() {
    return readFileSync(this.stdoutPath, 'utf8');
  }

  /** What it has written to its standard error so far. */
  stderr() {
    return readFileSync(this.stderrPath, 'utf8');
  }

  /** Whether it has ended, or never began. */
  ended() {
    return Boolean(this.failure) || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits for `condition`, but not beyond the program's own end. */
  until(what, condition, bound) {
    const alive = async () => {
      const value = await condition();
      if (!value && this.ended()) throw new Error(`${this.name} ended (${this.fate()}) before ${what}`);
      return value;
    };
    return until(what, alive, bound);
  }

  /** How it ended, in words. */
  fate() {
    if (this.failure) return this.failure.message;
    return this.child.signalCode ? `signal ${this.child.signalCode}` : `status ${this.child.exitCode}`;
  }

  /** Asks it to end, then ends it; its exit code, null if it had to be killed or was not there. */
  async stop(signal = 'SIGTERM') {
    if (!this.ended()) {
      this.child.kill(signal);
      await until(`the end of ${this.name}`, () => this.ended(), GRACE).catch(() => this.kill());
    }
    this.kill();
    return this.child.exitCode;
  }

  /** Ends it and what it started, at once. */
  kill() {
    if (!this.child.pid) return;
    try {
      process.kill(-this.child.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}

/** A port of the loopback interface that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
