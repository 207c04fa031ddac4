import type { Facts } from '../facts.ts';

/** A stand-in is either a program or a tool of an image: the real one is `/bin/ollama serve` and `ollama list` in one. */
export const ollama: Facts = {
  service: 'ollama',
  sources: [
    'ollama/ollama fb30760 (2026-08-21): Dockerfile, envconfig/config.go, manifest/paths.go, docs/api.md',
    'ollama/ollama issue 10332: a home that can be written to',
  ],
  entrypoint: ['/usr/lib/ollama/stand-in', 'serve'],
  programs: ['/usr/lib/ollama/stand-in'],
  tools: { sh: 'real', bash: 'real', ollama: { words: 'list|ps', asks: 'http://127.0.0.1:11434/api/tags' } },
  listens: [
    {
      port: 11434,
      answers: { '/': { status: 200 }, '/api/tags': { status: 200 }, '/v1/models': { status: 200 } },
    },
  ],
  env: {
    HOME: { format: '/.+' },
    OLLAMA_HOST: { format: '0\\.0\\.0\\.0(:11434)?', optional: true },
    OLLAMA_MODELS: { format: '/.+', optional: true },
  },
  writes: [{ path: '/data', persists: true }, { path: '/tmp' }],
  closed: ['/usr/lib/ollama', '/etc'],
};
