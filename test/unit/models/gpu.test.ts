import { describe, expect, it } from 'vitest';
import { createBody } from '../../../src/host/docker-body.ts';
import { parseRecord, recordText } from '../../../src/tenant/record.ts';
import { sampleStack } from '../sample.ts';

const ollama = (hasGpu: boolean) => {
  const { services } = sampleStack({ services: ['ollama'], source: 'official', hasGpu });
  const found = services.find(({ service }) => service.name === 'ollama')?.container;
  if (found === undefined) throw new Error('no ollama');
  return found;
};

describe('the GPU of a host', () => {
  it('is asked for as all GPUs that the engine knows, and of nobody else', () => {
    expect(createBody(ollama(true)).HostConfig?.DeviceRequests).toEqual([
      { Driver: '', Count: -1, Capabilities: [['gpu']] },
    ]);
    expect(createBody(ollama(false)).HostConfig?.DeviceRequests).toBeUndefined();
  });

  it('is in the record of a tenant only when the admin gave it', () => {
    const record = parseRecord('{"user":"alice","gpu":true}', 'record');
    expect([record.gpu, parseRecord('{}', 'record').gpu]).toEqual([true, false]);
    expect(JSON.parse(recordText(record))).toMatchObject({ gpu: true });
    expect(recordText({ ...record, gpu: false })).not.toContain('gpu');
    expect(() => parseRecord('{"gpu":"yes"}', 'record')).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
