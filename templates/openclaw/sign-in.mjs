// Prints a link that lets one browser in, once, within ten minutes: that browser is known from then on. OpenClaw gives
// it to whoever is beside it, and nobody else is there. Its address is that of the tenant's Caddy, the first argument.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const secret = (name) => [name, readFileSync(process.env[`${name}_FILE`], 'utf8')];
const secrets = Object.fromEntries(['OPENCLAW_GATEWAY_TOKEN', 'OPENCLAW_MODEL_KEY'].map(secret));
const env = { ...process.env, ...secrets };
const told = execFileSync(process.execPath, ['dist/index.js', 'dashboard', '--json'], { cwd: '/app', env, encoding: 'utf8' });
const { browserUrl } = JSON.parse(told.slice(told.indexOf('{')));
const grant = new URLSearchParams(new URL(browserUrl).hash.slice(1));
grant.delete('gatewayUrl');
console.log(`${process.argv[2]}/#${grant}`);
