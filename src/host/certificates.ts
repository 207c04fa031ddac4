import { connect } from 'node:tls';
import type { Certificates, Endpoint, ServedCertificate } from './host.ts';

const PATIENCE_MS = 10_000;

/** Asks a server for its certificate, as a browser does. Whether it is trusted is not the question here. */
export const realCertificates: Certificates = {
  served: ({ address, port }: Endpoint, hostname: string) =>
    new Promise<ServedCertificate | undefined>((resolve) => {
      const socket = connect({ host: address, port, servername: hostname, rejectUnauthorized: false });
      const end = (certificate: ServedCertificate | undefined): void => {
        socket.destroy();
        resolve(certificate);
      };
      socket.setTimeout(PATIENCE_MS, () => end(undefined));
      socket.on('error', () => end(undefined));
      socket.on('secureConnect', () => {
        const { valid_from, valid_to } = socket.getPeerCertificate();
        end(
          valid_to === undefined
            ? undefined
            : { validFrom: new Date(valid_from), validTo: new Date(valid_to) },
        );
      });
    }),
};
