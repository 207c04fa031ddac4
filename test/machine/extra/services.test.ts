import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { asks } from '../attack.ts';
import {
  aiplat,
  denials,
  docker,
  figure,
  inside,
  labelOf,
  must,
  mustAiplat,
  pidOf,
  prepareHost,
  sh,
} from '../inside.ts';

// The services that are too heavy for every run: each alone, as a slow host would start it.
const TENANT = 'tenant-1001';
const PATIENCE_SECONDS = '1500';

/** What a healthy service answers: from inside its container, and through the tenant's Caddy where it has a page. */
const ANSWERS = {
  llamacpp: ['http://127.0.0.1:8080/health', 'http://127.0.0.1:8080/v1/models'],
  openclaw: ['http://127.0.0.1:18789/healthz'],
  n8n: ['http://127.0.0.1:5678/healthz/readiness', 'http://127.0.0.1:5678/'],
  flowise: ['http://127.0.0.1:3000/api/v1/ping'],
} as const;
const PAGES = ['openclaw', 'n8n', 'flowise'];

const containerOf = (service: string): string =>
  service === 'openclaw' ? `openclaw-${TENANT}` : `${TENANT}-${service}`;

const denialsOf = (service: string): string[] =>
  denials().filter((line) => line.includes(`ai-platform-1001-${service}"`) || line.includes(`openclaw-1001`));

before(() => {
  prepareHost();
  const services = ['caddy', ...Object.keys(ANSWERS)].join(',');
  mustAiplat('setup', '--tenant', TENANT, '--services', services, '--vector-db', 'chroma');
  mustAiplat('deploy', '--tenant', TENANT, '--only', 'caddy', '--timeout', '300');
});

for (const [service, urls] of Object.entries(ANSWERS)) {
  const container = containerOf(service);
  describe(service, () => {
    it('becomes healthy under its profile', () => {
      const begin = Date.now();
      const { code, out, err } = aiplat(
        ...['deploy', '--tenant', TENANT, '--only', service, '--timeout', PATIENCE_SECONDS],
      );
      figure(`${service}: deploy ended with ${code} after ${Math.round((Date.now() - begin) / 1000)} s`);
      figure(probesOf(container));
      assert.equal(code, 0, `${out}\n${err}\n${denialsOf(service).join('\n')}\n${logOf(container)}`);
    });

    it('answers', () => {
      for (const url of urls) must(inside(container, asks(url)));
      if (PAGES.includes(service)) {
        const host = `${service}.${TENANT}.datasquiz.net`;
        const page = `curl -sk --max-time 60 -o /dev/null -w '%{http_code}' --resolve ${host}:5043:127.0.0.1 https://${host}:5043/`;
        assert.match(must(sh(page)), /^(200|30\d)$/);
      }
    });

    it('wears its profile, by the word of the kernel', () => {
      const label = labelOf(pidOf(container));
      assert.match(label, /^ai-platform-(openclaw-1001|1001-[a-z0-9]+) \(enforce\)$/);
      const started = must(inside(container, 'cat /proc/self/attr/current')).replace(/\0/g, '').trim();
      assert.equal(started, label);
    });

    it('is refused nothing in normal use', () => {
      const refused = denialsOf(service);
      docker('stop', container);
      assert.deepEqual(refused, []);
    });
  });
}

/** How long the engine's health checks took: on a slow host they compete with what they look at. */
function probesOf(container: string): string {
  const log = docker(
    'inspect',
    '--format',
    '{{range .State.Health.Log}}{{.Start}} {{.End}} {{.ExitCode}};{{end}}',
    container,
  );
  return `${container}: health checks ${log.out.trim()}`;
}

const logOf = (container: string): string => {
  const { out, err } = docker('logs', '--tail', '40', container);
  return out + err;
};
