import { join } from "node:path";
import { expect, test } from "vitest";
import { containerOf, findContainers } from "../../src/setup/containers.ts";
import { put, scratchSurroundings } from "../support/surroundings.ts";

const mounts = [{ Type: "bind", Source: "/srv/john", Destination: "/home/node" }];

test("docker tells which containers have what mounted", async () => {
  const { root } = scratchSurroundings();
  const line = `"/john" ${JSON.stringify(mounts)}`;
  put(
    join(root, "docker"),
    `#!/bin/sh\ncase $1 in ps) echo 0123abcd;; inspect) echo '${line}'; echo nonsense;; esac\n`,
    0o755,
  );
  const found = await findContainers({ PATH: `${root}:/usr/bin:/bin` });
  expect(found).toEqual([{ name: "john", mounts: [{ source: "/srv/john", destination: "/home/node" }] }]);
  expect(containerOf("/srv/john/openclaw", found)).toEqual({ name: "john", inside: "/home/node/openclaw" });
  expect(containerOf("/srv/johnny", found)).toBeUndefined();
});

test.for(["exit 1", "echo 'permission denied'", "sleep 0.1; exit 3"])(
  "a docker that refuses is none: %s",
  async (script) => {
    const { root } = scratchSurroundings();
    put(join(root, "docker"), `#!/bin/sh\n${script}\n`, 0o755);
    expect(await findContainers({ PATH: `${root}:/usr/bin:/bin` })).toEqual([]);
  },
);

test("without docker there are no containers", async () => {
  expect(await findContainers({ PATH: "/nonexistent" })).toEqual([]);
});
