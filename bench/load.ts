import { Agent, get } from 'node:http';

/**
 * `load.ts URL COUNT`: requests over one connection, one after the other. Prints how many microseconds the tenth
 * part that was served fastest took at most: what else a busy machine does hardly touches that figure.
 */
const [url = '', count = '0'] = process.argv.slice(2);
const WARM_UP = 300;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const ask = (): Promise<void> =>
  new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => answer.resume().on('end', resolve)).on('error', reject);
  });

const took: number[] = [];
for (let n = -WARM_UP; n < Number(count); n++) {
  const begin = performance.now();
  await ask();
  if (n >= 0) took.push(performance.now() - begin);
}
took.sort((one, other) => one - other);
console.log(Math.round(1000 * (took[Math.floor(took.length / 10)] ?? 0)));
agent.destroy();
