import { refused } from '../errors.ts';

/** The parts of a model's name in Ollama (its types/model/name.go), with the defaults filled in. */
export interface ModelName {
  readonly registry: string;
  readonly namespace: string;
  readonly model: string;
  readonly tag: string;
}

const REGISTRY = 'registry.ollama.ai';
const NAMESPACE = 'library';
const TAG = 'latest';

const PART = '[A-Za-z0-9_][A-Za-z0-9._-]{0,79}';
const WHOLE = new RegExp(`^(?:(?:(${PART})/)?(${PART})/)?(${PART})(?::(${PART}))?$`);

/**
 * Reads `llama3.2`, `someone/model:7b` or `hf.co/someone/model:Q4_K_M`.
 * @throws AiplatError (exit 2) for anything else.
 */
export function parseModelName(text: string): ModelName {
  const match = WHOLE.exec(text);
  if (match === null || text.includes('..') || match[2]?.includes('.')) {
    throw refused(
      `${JSON.stringify(text)} is no name of a model.`,
      'Ollama knows models as [REGISTRY/][OWNER/]MODEL[:TAG], in letters, digits and . _ -',
      'Write it like llama3.2:3b, or hf.co/OWNER/MODEL:Q4_K_M.',
    );
  }
  const [, registry = REGISTRY, namespace = NAMESPACE, model = '', tag = TAG] = match;
  return { registry, namespace, model, tag };
}

/** The name as Ollama itself shows it: without what is the same for all of its own library. */
export function shortName({ registry, namespace, model, tag }: ModelName): string {
  const place =
    registry !== REGISTRY ? `${registry}/${namespace}/` : namespace === NAMESPACE ? '' : `${namespace}/`;
  return `${place}${model}:${tag}`;
}
