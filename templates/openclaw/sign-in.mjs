// Prints a link that lets one browser in, once, within ten minutes: that browser is known from then on. OpenClaw gives
// it to whoever is beside it, and nobody else is there. Its address is that of the tenant's Caddy, the first argument.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const env = { ...process.env, OPENCLAW_GATEWAY_TOKEN: readFileSync(process.env.OPENCLAW_GATEWAY_TOKEN_FILE, 'utf8') };
const told = execFileSync(process.execPath, ['dist/index.js', 'dashboard', '--json'], { cwd: '/app', env, encoding: 'utf8' });
const { browserUrl } = JSON.parse(told.slice(told.indexOf('{')));
const grant = new URLSearchParams(new URL(browserUrl).hash.slice(1));
grant.delete('gatewayUrl');
console.log(`${process.argv[2]}/#${grant}`);
