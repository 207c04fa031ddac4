import { defineService } from '../define.ts';

const COMMAND = ['--models-dir', '/models', '--api-key-file', '/etc/llamacpp/keys'];

/** Its own key, on no line of a command. A server without models has a list of them still. */
const ASK = 'curl -fsS -o /dev/null http://127.0.0.1:8080/v1/models';

/** Models are GGUF files that the tenant puts into data/llamacpp. On a host without a registry it is the model server. */
export const llamacpp = defineService({
  name: 'llamacpp',
  title: 'llama.cpp server',
  summary: 'models on this host, with an OpenAI-compatible API',
  presets: [],
  sources: {
    official: { image: 'ghcr.io/ggml-org/llama.cpp:server-b11206', command: COMMAND },
    embedded: { image: 'llamacpp', command: COMMAND },
  },
  user: 'tenant',
  mounts: [{ path: '/models', dir: 'llamacpp' }],
  files: [{ path: '/etc/llamacpp', render: 'llamacpp' }],
  tmpfs: [{ path: '/tmp', sizeMb: 64 }],
  env: { HOME: '/tmp', LLAMA_ARG_HOST: '0.0.0.0', LLAMA_ARG_PORT: '8080' },
  secrets: [{ key: 'LLAMACPP_API_KEY', format: 'sk' }],
  modelServer: { url: 'http://llamacpp:8080/v1', checksKeys: true },
  backup: {
    how: 'running',
    because: 'it only reads its models',
  },
  credentials: [
    { what: 'address in the network', value: 'http://llamacpp:8080/v1' },
    { what: 'key', value: '{{secret.LLAMACPP_API_KEY}}' },
  ],
  health: {
    test: ['CMD', 'curl', '-fsS', '-o', '/dev/null', 'http://127.0.0.1:8080/health'],
    startPeriodMs: 60_000,
  },
  lock: {
    withKey: [
      'sh',
      '-c',
      `printf 'header = "Authorization: Bearer %s"' "$(head -n 1 /etc/llamacpp/keys)" | ${ASK} -K -`,
    ],
    withoutKey: ['sh', '-c', ASK],
  },
  limits: { memoryMb: 4096, cpus: 2, pids: 128 },
  takes: { memoryMb: 5, imageMb: 265, dataMb: 0 },
  licence: 'MIT',
});
