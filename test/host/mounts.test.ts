import { expect, test } from "vitest";
import { mountOf, mountsOf, parseMounts, pathOf, placeOf } from "../../src/host/mounts.ts";

/** A host with its homes on a disk of their own. */
const host = parseMounts(`22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 8:17 / /srv rw,relatime shared:2 - ext4 /dev/sdb1 rw
31 22 0:30 / /tmp rw,nosuid shared:5 master:2 - tmpfs tmpfs rw,size=1g
33 22 0:40 / /mnt ro,relatime - nfs4 nas:/bots rw,vers=4.2
32 30 8:1 /backup\\040of\\040all /srv/old rw - ext4 /dev/sda1 rw`);

/** A container on it, as Docker makes them. */
const container = parseMounts(`500 480 0:55 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib/docker
501 500 0:60 / /proc rw - proc proc rw
502 500 8:17 /john /home/node rw,relatime - ext4 /dev/sdb1 rw
503 500 8:17 /john/claude /home/node/.claude rw,relatime - ext4 /dev/sdb1 rw
504 500 0:61 / /home/node/cache rw - tmpfs tmpfs rw
505 500 8:1 /var/lib/docker/containers/1/hosts /etc/hosts rw - ext4 /dev/sda1 rw`);

test("a mount is told by its device, what of it is shown, where, and of which type", () => {
  const told = { device: "8:1", root: "/backup of all", at: "/srv/old", type: "ext4", source: "/dev/sda1" };
  expect(host.at(-1)).toEqual({ ...told, isReadOnly: false });
  expect(host.filter(({ isReadOnly }) => isReadOnly).map(({ type, source }) => [type, source])).toEqual([
    ["nfs4", "nas:/bots"],
  ]);
  expect(parseMounts("")).toEqual([]);
});

test.for([
  ["/", { device: "8:1", path: "/" }],
  ["/etc/passwd", { device: "8:1", path: "/etc/passwd" }],
  ["/srv", { device: "8:17", path: "/" }],
  ["/srv/john/openclaw", { device: "8:17", path: "/john/openclaw" }],
  ["/srv/old/x", { device: "8:1", path: "/backup of all/x" }],
  ["/srv/older", { device: "8:17", path: "/older" }],
] as const)("where %s lies", ([path, place]) => {
  expect(placeOf(path, host)).toEqual(place);
  expect(pathOf(place, host)).toBe(path);
});

test.for([
  ["/srv/john/openclaw", "/home/node/openclaw"],
  ["/srv/john/claude/projects", "/home/node/.claude/projects"],
  ["/srv/john", "/home/node"],
  ["/srv/ross/openclaw", undefined],
  ["/srv", undefined],
  // hidden in there by a mount above it
  ["/srv/john/cache/x", undefined],
] as const)("what a container calls %s", ([path, inside]) => {
  const place = placeOf(path, host);
  expect(place && pathOf(place, container)).toBe(inside);
});

test("of two mounts at the same path the later one counts", () => {
  const twice = [...host, ...parseMounts("40 22 0:99 / /srv rw - tmpfs tmpfs rw")];
  expect(mountOf("/srv/john", twice)?.device).toBe("0:99");
  expect(pathOf({ device: "8:17", path: "/john" }, twice)).toBeUndefined();
});

test("the mounts of this process can be read, those of one that is gone are none", () => {
  expect(mountOf("/", mountsOf("self"))?.at).toBe("/");
  expect(mountsOf(2 ** 30)).toEqual([]);
});
