import { defineConfig } from 'vitest/config';

const ENGINE_TIMEOUT_MS = 600_000;

/** `npx vitest run --project unit`: pure files. `walk`: whole walks on a fake host. `engine`: a real Docker Engine. */
export default defineConfig({
  test: {
    clearMocks: true,
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { extends: true, test: { name: 'walk', include: ['test/walk/**/*.test.ts'], testTimeout: 60_000 } },
      {
        extends: true,
        test: {
          name: 'engine',
          include: ['test/engine/**/*.test.ts'],
          testTimeout: ENGINE_TIMEOUT_MS,
          hookTimeout: ENGINE_TIMEOUT_MS,
          fileParallelism: false,
          sequence: { concurrent: false },
        },
      },
    ],
  },
});
