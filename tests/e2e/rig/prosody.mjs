// Prosody as a Finesse notification service: TLS, PLAIN, `/ws/`, pubsub, and a user called `finesse`.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createRequire } from 'node:module';
import { certify } from './certificate.mjs';
import { freePort } from './place.mjs';

/** The XMPP domain and the host in the browser's address bar. */
export const DOMAIN = 'finesse.test';

/** The port in the browser's address bar. */
export const PORT = 8445;

/** The agent who signs in; nobody's password, and long enough to be found wherever it leaks. */
export const AGENT = { user: '1001002', password: 'Tr0ub4dor&3-never-to-be-printed' };

/** The user that publishes, as the Finesse web application does. */
export const PUBLISHER = { user: 'finesse', password: 'publisher-secret' };

const PAGE = new URL('../page/', import.meta.url);
const STROPHE = createRequire(import.meta.url).resolve('strophe.js/dist/strophe.umd.min.js');

/** Where it listens if nobody says otherwise: as the machine's own, on free ports. */
const HERE = { address: '127.0.0.1', listen: '127.0.0.1', command: (...words) => words };

/**
 * Starts Prosody; the address and the ports of its TLS and its plain HTTP side, its certificate files and its program.
 * `where` holds the address at which it is reached, the one on which it listens, and how a command is run there;
 * `settings` may hold `patience`, the seconds it waits for a client that takes nothing, the `path` of its WebSocket, and
 * the only TLS `protocol` that it speaks.
 */
export async function startProsody(place, { name = 'prosody', agents = [AGENT], where = HERE, ports, settings } = {}) {
  const folder = place.mkdir(name);
  const files = certify(folder, [DOMAIN, `pubsub.${DOMAIN}`, 'elsewhere.test']);
  const { https, http } = ports ?? { https: await freePort(), http: await freePort() };
  layOutData(`${folder}/data`, agents);
  layOutPage(`${folder}/www`);
  const config = `${folder}/prosody.cfg.lua`;
  writeFileSync(config, configuration(folder, files, { https, http, listen: where.listen, ...settings }));
  place.watch(`${name} log`, `${folder}/prosody.log`);
  const prosody = { ...files, address: where.address, https, http, log: () => readFileSync(`${folder}/prosody.log`, 'utf8') };
  /** Starts it, or starts it again where it has ended. */
  prosody.start = async () => {
    const [command, ...args] = where.command('prosody', '-F', '--config', config);
    prosody.program = place.start(name, command, args);
    await prosody.program.until('Prosody to listen', () => answers(where.address, https), 30_000);
  };
  await prosody.start();
  return prosody;
}

/** The accounts, and rosters that let the agents and the publisher see each other's presence. */
function layOutData(data, agents) {
  const domain = `${data}/${DOMAIN.replace('.', '%2e')}`;
  mkdirSync(`${domain}/accounts`, { recursive: true });
  mkdirSync(`${domain}/roster`, { recursive: true });
  const accounts = [[PUBLISHER, agents], ...agents.map((agent) => [agent, [PUBLISHER]])];
  for (const [{ user, password }, others] of accounts) {
    writeFileSync(`${domain}/accounts/${user}.dat`, `return { ["password"] = "${password}"; };\n`);
    const contacts = others.map((other) => `["${other.user}@${DOMAIN}"] = { ["subscription"] = "both"; ["groups"] = {}; };`);
    writeFileSync(`${domain}/roster/${user}.dat`,
      `return { [false] = { ["version"] = 1; ["pending"] = {}; }; ${contacts.join(' ')} };\n`);
  }
}

/** The page that the browser opens, with the XMPP library beside it. */
function layOutPage(www) {
  cpSync(PAGE, www, { recursive: true });
  cpSync(STROPHE, `${www}/strophe.js`);
}

function configuration(folder, files, { http, https, listen, patience = 180, path = '/ws', protocol }) {
  return `
-- Prosody refuses to be root unless told otherwise; where this runs as root, it is in a container of its own.
run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
log = { debug = "${folder}/prosody.log" }

modules_enabled = { "roster", "saslauth", "disco", "ping", "websocket", "http_files" }
modules_disabled = { "s2s", "offline" }
c2s_ports = {}
c2s_direct_tls_ports = {}
s2s_ports = {}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
network_settings = { send_timeout = ${patience} }

http_default_host = "${DOMAIN}"
http_interfaces = { "${listen}" }
http_ports = { ${http} }
https_interfaces = { "${listen}" }
https_ports = { ${https} }
https_ssl = { certificate = "${files.certificate}", key = "${files.key}"${protocol ? `; protocol = "${protocol}"` : ''} }
http_paths = { websocket = "${path}"; files = "/desktop" }
http_files_dir = "${folder}/www"

authentication = "internal_plain"
disable_sasl_mechanisms = { "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS" }

VirtualHost "${DOMAIN}"

Component "pubsub.${DOMAIN}" "pubsub"
  admins = { "${PUBLISHER.user}@${DOMAIN}" }
  autocreate_on_publish = true
`;
}

/** Whether somebody accepts connections there. */
export function answers(address, port) {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
