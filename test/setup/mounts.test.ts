import { expect, test } from "vitest";
import { mountOf, natureOf, parseMounts } from "../../src/setup/mounts.ts";

const text = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:26 / /tmp rw,nosuid shared:5 master:2 - tmpfs tmpfs rw,size=1g
31 22 0:40 / /srv/my\\040bots ro,relatime - nfs4 nas:/bots rw,vers=4.2
32 22 0:41 / /srv/my\\040bots rw - fuse.sshfs me@nas:/ rw
`;
const mounts = parseMounts(text);

test.for([
  { path: "/home/a", point: "/", type: "ext4" },
  { path: "/tmp", point: "/tmp", type: "tmpfs" },
  { path: "/tmpfoo", point: "/", type: "ext4" },
  { path: "/srv/my bots/john", point: "/srv/my bots", type: "fuse.sshfs" },
])("$path lies on $type", ({ path, point, type }) => {
  expect(mountOf(path, mounts)).toMatchObject({ point, type });
});

test("read-only is what the mount or its file system says", () => {
  expect(mounts.map(({ isReadOnly }) => isReadOnly)).toEqual([false, false, true, false]);
});

test.for([
  { types: ["ext4", "xfs", "btrfs"], nature: "disk" },
  { types: ["tmpfs", "ramfs"], nature: "memory" },
  { types: ["nfs4", "cifs", "fuse.sshfs", "9p"], nature: "network" },
  { types: ["overlay", "fuse.fuse-overlayfs"], nature: "layer" },
  { types: ["fuse.something", "newfs"], nature: "unknown" },
])("$types: $nature", ({ types, nature }) => {
  expect(types.map(natureOf)).toEqual(types.map(() => nature));
});
