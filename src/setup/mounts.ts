import { readFileSync } from "node:fs";
import { sep } from "node:path";

/** A mounted file system. `type`: such as ext4, nfs4, fuse.sshfs. */
export type Mount = { point: string; type: string; source: string; isReadOnly: boolean };

/** What a file system means for session files. */
export type MountNature = "disk" | "memory" | "network" | "layer" | "unknown";

const MEMORY = /^(?:tmpfs|ramfs|devtmpfs)$/;
const NETWORK =
  /^(?:nfs\d*|cifs|smb\d*|smbfs|9p|afs|ceph|glusterfs|lustre|ocfs2|gfs2|davfs|fuse\.(?:sshfs|s3fs|rclone|glusterfs|ceph\S*|gcsfuse|davfs2?|juicefs|curlftpfs|smbnetfs))$/;
const LAYER = /^(?:overlay|aufs|unionfs|fuse\.(?:fuse-overlayfs|unionfs\S*|mergerfs))$/;
const DISK = /^(?:ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|bcachefs|apfs|virtiofs)$/;

/** The mounts that this process sees; later ones lie over earlier ones. Empty where the system does not tell. */
export function readMounts(): Mount[] {
  try {
    return parseMounts(readFileSync("/proc/self/mountinfo", "utf8"));
  } catch {
    return [];
  }
}

/** Reads /proc/PID/mountinfo. Pure. */
export function parseMounts(text: string): Mount[] {
  return text
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const fields = before.split(" ");
      const [type, source = "", options = ""] = after.split(" ");
      const [point, own = ""] = [fields[4], fields[5]];
      if (point === undefined || type === undefined) return [];
      const isReadOnly = [own, options].some((all) => all.split(",").includes("ro"));
      return [{ point: unescapeOctal(point), type, source: unescapeOctal(source), isReadOnly }];
    });
}

/** The mount that a path lies on; of several at one point the last one is seen. Pure. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const above = mounts.filter(({ point }) => point === sep || path === point || path.startsWith(point + sep));
  const longest = Math.max(...above.map(({ point }) => point.length));
  return above.findLast(({ point }) => point.length === longest);
}

/** Pure. */
export function natureOf(type: string): MountNature {
  if (MEMORY.test(type)) return "memory";
  if (NETWORK.test(type)) return "network";
  if (LAYER.test(type)) return "layer";
  return DISK.test(type) ? "disk" : "unknown";
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
