import { json } from 'node:stream/consumers';

/** `references.ts SERVICE…`: reads `aiplat host images list --json`, prints the image references of these services. */
const services = process.argv.slice(2);
const { images } = (await json(process.stdin)) as { images: { name: string; reference: string }[] };
console.log(
  images
    .filter(({ name }) => services.includes(name))
    .map(({ reference }) => reference)
    .join(' '),
);
