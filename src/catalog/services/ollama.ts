import { defineService } from '../define.ts';

/**
 * Models on this host, which `aiplat ops models` brings and removes. It asks nobody for a key: its wall is the
 * tenant's network. The key with which it speaks to its registry lies in HOME, so that both are on the mount
 * (ollama/ollama#10332). There is neither curl nor wget in the image.
 */
export const ollama = defineService({
  name: 'ollama',
  title: 'Ollama',
  summary: 'models on this host, by name',
  presets: ['full'],
  sources: { official: { image: 'docker.io/ollama/ollama:0.32.15' } },
  user: 'tenant',
  mounts: [{ path: '/data', dir: 'ollama' }],
  tmpfs: [{ path: '/tmp', sizeMb: 256 }],
  env: {
    HOME: '/data',
    OLLAMA_HOST: '0.0.0.0:11434',
    OLLAMA_MODELS: '/data/models',
    // Whatever is asked of a model on this host stays on this host.
    OLLAMA_NO_CLOUD: '1',
    OLLAMA_NOHISTORY: '1',
  },
  modelServer: { url: 'http://ollama:11434/v1', checksKeys: false },
  gpu: true,
  backup: { how: 'left out', because: 'models are large, and can be pulled again' },
  credentials: [
    { what: 'address in the network', value: 'http://ollama:11434' },
    { what: 'key', value: 'none: the network is its wall' },
  ],
  health: { test: ['CMD', 'ollama', 'list'], startPeriodMs: 60_000 },
  limits: { memoryMb: 6144, cpus: 2, pids: 256 },
  licence: 'MIT; each model has a licence of its own',
});
