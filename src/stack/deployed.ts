import { envOf } from '../catalog/models.ts';
import type { Service } from '../catalog/schema.ts';

/**
 * Where NVIDIA's runtime is the engine's default, an image that asks for all GPUs in its environment has them
 * (NVIDIA Container Toolkit, NVIDIA_VISIBLE_DEVICES).
 */
const NO_GPU = { NVIDIA_VISIBLE_DEVICES: 'void' };

/** An entry as it is in this stack: with what it is told of the services beside it, and the GPU only where it may. */
export const asDeployed = (service: Service, beside: readonly Service[], hasGpu: boolean): Service => ({
  ...service,
  env: { ...envOf(service, beside), ...(service.gpu && !hasGpu && NO_GPU) },
  gpu: service.gpu && hasGpu,
});
