// An authority and a certificate for the real XMPP server, made by openssl; nothing of finspect's.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/** Makes an authority of that name and a certificate for `hosts` in the folder; the paths of both and of the key. */
export function certify(folder, hosts, authority = 'finspect counterpart authority') {
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-sha256'];
  openssl('req', '-x509', ...curve, '-days', '2', '-subj', `/CN=${authority}`,
    '-keyout', 'authority.key', '-out', 'authority.pem',
    '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
  writeFileSync(`${folder}/leaf.ext`, [
    `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}`,
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=serverAuth',
    '',
  ].join('\n'));
  openssl('req', '-new', ...curve, '-subj', `/CN=${hosts[0]}`, '-keyout', 'leaf.key', '-out', 'leaf.csr');
  openssl('x509', '-req', '-in', 'leaf.csr', '-CA', 'authority.pem', '-CAkey', 'authority.key',
    '-set_serial', '0x4711', '-days', '2', '-sha256', '-extfile', 'leaf.ext', '-out', 'leaf.pem');
  return { authority: `${folder}/authority.pem`, certificate: `${folder}/leaf.pem`, key: `${folder}/leaf.key` };
}
