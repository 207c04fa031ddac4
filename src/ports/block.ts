/**
 * The offset of each port inside a tenant's block: fixed, so that an operator knows a port by heart
 * (Grafana of any tenant ends in 01). Added services go from 20 upwards, in the gaps.
 */
export const PORT_OFFSETS = {
  PROMETHEUS_PORT: 0,
  GRAFANA_PORT: 1,
  N8N_PORT: 2,
  DIFY_PORT: 3,
  ANYTHINGLLM_PORT: 4,
  LITELLM_PORT: 5,
  OPENWEBUI_PORT: 6,
  MINIO_PORT: 7,
  SIGNAL_PORT: 8,
  OPENCLAW_PORT: 9,
  FLOWISE_PORT: 10,
  CADDY_HTTPS_PORT: 43,
  CADDY_HTTP_PORT: 80,
} as const;

export type PortKey = keyof typeof PORT_OFFSETS;

export const PORT_KEYS = Object.keys(PORT_OFFSETS) as PortKey[];
