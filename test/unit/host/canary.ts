import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The UID of who attacks. */
export const THEIR_UID = 1001;

/** These tests chown, mount and make devices. */
export const UNABLE = process.getuid?.() !== 0;

/** All that a change of a tree would show in: existence, kind, owner, mode, links, content. */
export function facesOf(root: string): Record<string, string> {
  const faces: Record<string, string> = {};
  for (const path of ['', ...readdirSync(root, { recursive: true, encoding: 'utf8' })].sort()) {
    const facts = lstatSync(join(root, path));
    const text = facts.isFile() ? readFileSync(join(root, path), 'utf8') : '';
    faces[path] = [
      facts.mode.toString(8),
      facts.uid,
      facts.gid,
      facts.isFile() ? facts.nlink : '',
      text,
    ].join(' ');
  }
  return faces;
}
