// Puts the settings beside this file into OpenClaw's own config, before OpenClaw starts. That file is its own: it
// writes it anew whenever somebody changes a setting. So each version of these settings is put there once, all else
// stays as it is, and what is changed there afterwards stays changed.
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const config = process.env.OPENCLAW_CONFIG_PATH;
const mark = `${config}.seeded`;
const text = readFileSync(new URL('settings.json', import.meta.url), 'utf8');
const version = createHash('sha256').update(text).digest('hex');

const read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
};

const write = (path, content) => {
  writeFileSync(`${path}.next`, content, { mode: 0o600 });
  renameSync(`${path}.next`, path);
};

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

// What is one thing in a list, in an older version too: a model has an id, all else is itself.
const keyOf = (one) => (isObject(one) ? one.id : one);

// Lists grow, objects are joined, everything else becomes what it has to be.
const joined = (old, wanted) => {
  if (Array.isArray(old) && Array.isArray(wanted))
    return [...new Map([...wanted, ...old].map((one) => [keyOf(one), one])).values()];
  if (!isObject(old) || !isObject(wanted)) return wanted;
  return Object.fromEntries([
    ...Object.entries(old),
    ...Object.entries(wanted).map(([key, value]) => [key, joined(old[key], value)]),
  ]);
};

const parsed = (content) => {
  try {
    return JSON.parse(content);
  } catch {
    // JSON5 is what a person may have written; the program writes JSON.
    console.error(`${config} is not plain JSON: it stays as it is, without ${text}`);
    return undefined;
  }
};

if (read(mark) !== version) {
  const old = parsed(read(config) ?? '{}');
  if (old !== undefined) {
    write(config, `${JSON.stringify(joined(old, JSON.parse(text)), null, 2)}\n`);
    write(mark, version);
  }
}
