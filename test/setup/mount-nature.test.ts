import { expect, test } from "vitest";
import { natureOf } from "../../src/setup/mount-nature.ts";

test.for([
  { types: ["ext4", "xfs", "btrfs"], nature: "disk" },
  { types: ["tmpfs", "ramfs"], nature: "memory" },
  { types: ["nfs4", "cifs", "fuse.sshfs", "9p"], nature: "network" },
  { types: ["overlay", "fuse.fuse-overlayfs"], nature: "layer" },
  { types: ["fuse.something", "newfs"], nature: "unknown" },
])("$types: $nature", ({ types, nature }) => {
  expect(types.map(natureOf)).toEqual(types.map(() => nature));
});
