// Prosody as a Finesse notification service: TLS, PLAIN, `/ws/`, pubsub, and a user called `finesse`.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { certify } from './certificate.mjs';
import { freePort } from './place.mjs';

/** The XMPP domain and the host in the browser's address bar. */
export const DOMAIN = 'finesse.test';

/** Those of a second node. */
export const OTHER_DOMAIN = 'finesse2.test';

/** The port in the browser's address bar. */
export const PORT = 8445;

/** The agent who signs in; nobody's password, and long enough to be found wherever it leaks. */
export const AGENT = { user: '1001002', password: 'Tr0ub4dor&3-never-to-be-printed' };

/** The user that publishes, as the Finesse web application does. */
export const PUBLISHER = { user: 'finesse', password: 'publisher-secret' };

const PAGE = new URL('../page/', import.meta.url);
const PLUGINS = fileURLToPath(new URL('prosody/', import.meta.url));
const STROPHE = createRequire(import.meta.url).resolve('strophe.js/dist/strophe.umd.min.js');

/** Where it listens if nobody says otherwise: as the machine's own, on free ports. */
const HERE = { address: '127.0.0.1', listen: '127.0.0.1', command: (...words) => words };

/**
 * Starts Prosody; the address and the ports of its TLS and its plain HTTP side, its certificate files and its program.
 * `where` holds the address at which it is reached, the one on which it listens, and how a command is run there;
 * `settings` may hold another `domain`, `patience`, the seconds it waits for a client that takes nothing, the `path` of its
 * WebSocket, the only TLS `protocol` that it speaks, and `quiet`: the seconds that an agent may say nothing (`after`), and
 * what is done then (`manner`, see `prosody/mod_quiet_clients.lua`).
 */
export async function startProsody(place, { name = 'prosody', agents = [AGENT], where = HERE, ports, settings } = {}) {
  const folder = place.mkdir(name);
  const domain = settings?.domain ?? DOMAIN;
  const files = certify(folder, [domain, `pubsub.${domain}`, 'elsewhere.test']);
  const { https, http } = ports ?? { https: await freePort(), http: await freePort() };
  layOutData(`${folder}/data`, domain, agents);
  layOutPage(`${folder}/www`);
  const config = `${folder}/prosody.cfg.lua`;
  writeFileSync(config, configuration(folder, files, { https, http, listen: where.listen, ...settings }));
  place.watch(`${name} log`, `${folder}/prosody.log`);
  const prosody = { ...files, domain, address: where.address, https, http, log: () => readFileSync(`${folder}/prosody.log`, 'utf8') };
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
function layOutData(data, domain, agents) {
  const folder = `${data}/${domain.replaceAll('.', '%2e')}`;
  mkdirSync(`${folder}/accounts`, { recursive: true });
  mkdirSync(`${folder}/roster`, { recursive: true });
  const accounts = [[PUBLISHER, agents], ...agents.map((agent) => [agent, [PUBLISHER]])];
  for (const [{ user, password }, others] of accounts) {
    writeFileSync(`${folder}/accounts/${user}.dat`, `return { ["password"] = "${password}"; };\n`);
    const contacts = others.map((other) => `["${other.user}@${domain}"] = { ["subscription"] = "both"; ["groups"] = {}; };`);
    writeFileSync(`${folder}/roster/${user}.dat`,
      `return { [false] = { ["version"] = 1; ["pending"] = {}; }; ${contacts.join(' ')} };\n`);
  }
}

/** The page that the browser opens, with the XMPP library beside it. */
export function layOutPage(www) {
  cpSync(PAGE, www, { recursive: true });
  cpSync(STROPHE, `${www}/strophe.js`);
}

function configuration(folder, files, { http, https, listen, domain = DOMAIN, patience = 180, path = '/ws', protocol, quiet }) {
  return `
-- Prosody refuses to be root unless told otherwise; where this runs as root, it is in a container of its own.
run_as_root = true
pidfile = "${folder}/prosody.pid"
data_path = "${folder}/data"
log = { debug = "${folder}/prosody.log" }

modules_enabled = { "roster", "saslauth", "disco", "ping", "websocket", "http_files"${quiet ? ', "quiet_clients"' : ''} }
modules_disabled = { "s2s", "offline" }
c2s_ports = {}
c2s_direct_tls_ports = {}
s2s_ports = {}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
network_settings = { send_timeout = ${patience}${quiet ? `; read_timeout = ${quiet.after}` : ''} }
${quiet ? quietClients(quiet) : ''}
http_default_host = "${domain}"
http_interfaces = { "${listen}" }
http_ports = { ${http} }
https_interfaces = { "${listen}" }
https_ports = { ${https} }
https_ssl = { certificate = "${files.certificate}", key = "${files.key}"${protocol ? `; protocol = "${protocol}"` : ''} }
http_paths = { websocket = "${path}"; files = "/desktop" }
http_files_dir = "${folder}/www"

authentication = "internal_plain"
disable_sasl_mechanisms = { "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS" }

VirtualHost "${domain}"

Component "pubsub.${domain}" "pubsub"
  admins = { "${PUBLISHER.user}@${domain}" }
  autocreate_on_publish = true
`;
}

/** Lines for the module that times agents out. */
function quietClients({ manner }) {
  return `plugin_paths = { "${PLUGINS}" }
quiet_clients = "${manner}"
quiet_clients_spared = "${PUBLISHER.user}"
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
