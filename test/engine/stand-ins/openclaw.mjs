// Answers where OpenClaw answers. The program itself is tried where its image is to be had.
import { createServer } from 'node:http';

createServer((_request, response) => response.end('{"ok":true}')).listen(18789, '0.0.0.0');
