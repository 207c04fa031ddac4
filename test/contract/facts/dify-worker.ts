import type { Facts } from '../facts.ts';
import { IMAGE, SHARED, VECTORS } from './dify-api.ts';

export const difyWorker: Facts = {
  ...IMAGE,
  service: 'dify-worker',
  listens: [],
  env: { ...SHARED.env, MODE: { format: 'worker' } },
  writes: [{ path: '/app/api/storage', persists: true }, { path: '/tmp' }],
  closed: ['/app/logs', '/app/api'],
  reaches: [...(SHARED.reaches ?? []), { holds: '$REDIS_HOST:$REDIS_PORT' }],
  when: VECTORS,
};

const { VECTOR_STORE: _engine, ...withoutVectors } = SHARED.env ?? {};

export const difyWorkerBeat: Facts = {
  ...IMAGE,
  service: 'dify-worker-beat',
  listens: [],
  env: { ...withoutVectors, MODE: { format: 'beat' } },
  writes: [{ path: '/tmp' }],
  closed: ['/app/logs', '/app/api'],
  reaches: [...(SHARED.reaches ?? []), { holds: '$REDIS_HOST:$REDIS_PORT' }],
};
