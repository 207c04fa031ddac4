import * as z from 'zod';

const size = z.int().nonnegative();
const Manifest = z.object({
  config: z.object({ size }).optional(),
  layers: z.array(z.object({ size })).max(1000),
});

/** How many bytes the parts of a model have, by its manifest (OCI image manifest); undefined when it is none. */
export function manifestBytes(text: string): number | undefined {
  const result = Manifest.safeParse(parse(text));
  if (!result.success) return undefined;
  const { config, layers } = result.data;
  return layers.reduce((sum, layer) => sum + layer.size, config?.size ?? 0);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
