import type { Certificates, Endpoint, ServedCertificate } from '../../src/host/host.ts';
import type { Life } from './life.ts';

/** What servers of the fake machine present, by host name. */
export class FakeCertificates implements Certificates {
  readonly all = new Map<string, ServedCertificate>();
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  served(_endpoint: Endpoint, hostname: string): Promise<ServedCertificate | undefined> {
    return this.#life.look(() => this.all.get(hostname));
  }
}
