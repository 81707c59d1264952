/** What a file system means for session files. */
export type MountNature = "disk" | "memory" | "network" | "layer" | "unknown";

/** By the name that the kernel gives it, such as ext4, nfs4, fuse.sshfs. Pure. */
export function natureOf(type: string): MountNature {
  if (MEMORY.test(type)) return "memory";
  if (NETWORK.test(type)) return "network";
  if (LAYER.test(type)) return "layer";
  return DISK.test(type) ? "disk" : "unknown";
}

const MEMORY = /^(?:tmpfs|ramfs|devtmpfs)$/;
const NETWORK =
  /^(?:nfs\d*|cifs|smb\d*|smbfs|9p|afs|ceph|glusterfs|lustre|ocfs2|gfs2|davfs|fuse\.(?:sshfs|s3fs|rclone|glusterfs|ceph\S*|gcsfuse|davfs2?|juicefs|curlftpfs|smbnetfs))$/;
const LAYER = /^(?:overlay|aufs|unionfs|fuse\.(?:fuse-overlayfs|unionfs\S*|mergerfs))$/;
const DISK = /^(?:ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|bcachefs|apfs|virtiofs)$/;
