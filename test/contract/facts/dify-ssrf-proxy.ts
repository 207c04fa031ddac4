import type { Facts } from '../facts.ts';

export const difySsrfProxy: Facts = {
  service: 'dify-ssrf-proxy',
  sources: ['ubuntu/squid: entrypoint and paths of the image; squid 6 documentation of squid.conf'],
  entrypoint: ['entrypoint.sh'],
  command: ['-f', '/etc/squid/squid.conf', '-NYC'],
  programs: ['/usr/sbin/squid'],
  tools: { sh: 'real', bash: 'real' },
  listens: [{ port: 3128 }],
  commandLine: ['^/usr/sbin/squid .*-N', '-f /etc/aiplat/squid\\.conf'],
  files: {
    '/etc/aiplat/squid.conf': [
      '^http_port 3128$',
      // Under a UID that owns nothing of the image, whatever it writes by default has to go.
      '^pid_filename none$',
      '^access_log none$',
      '^cache_log /dev/null$',
      // The first line that fits decides.
      '^http_access deny closed\\nhttp_access deny !web\\n(.*\\n)*http_access deny all$',
    ],
  },
  writes: [{ path: '/tmp' }],
  closed: ['/var/spool', '/var/log', '/etc'],
};
