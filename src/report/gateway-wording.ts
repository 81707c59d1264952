import type { GatewayRequest, Spared } from "../plan/plan.ts";

/** Behind the reason why something waits for its gateway: the commands by which the gateway itself would do it. */
export function wordRequests({ requests = [], notAsked }: Pick<Spared, "requests" | "notAsked">): string {
  if (requests.length === 0) return "";
  const because = notAsked === undefined ? "" : ` (it was not asked, because ${NOT_ASKED[notAsked]})`;
  return `; or let the gateway do it: ${requests.map(commandLine).join("; ")}${because}`;
}

const NOT_ASKED: Record<NonNullable<Spared["notAsked"]>, string> = {
  "not-seen": "nothing tells which process it is",
  "another-user": "it runs as another user",
  container: "it runs in a container",
  remote: "its configuration leads to a gateway on another machine",
  port: "it does not wait at the port that its configuration names",
  package: "no openclaw command of its release is on the PATH",
  node: "nothing tells which Node it runs on",
};

function commandLine({ method, params }: GatewayRequest): string {
  return `openclaw gateway call ${method} --params ${quoted(JSON.stringify(params))}`;
}

/** As one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
