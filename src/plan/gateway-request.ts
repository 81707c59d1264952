import type { GatewayOffer } from "../inspect/gateway-offer.ts";
import type { GatewayRequest, Job, RegistryChange, Spared, Step } from "./plan.ts";

/**
 * The same job with the gateway doing what is done to its registry; undefined where it does not offer that. A fresh start is a
 * reset to it. Of what it takes out, it sets the transcript aside when that is archived and nobody else's. Pure.
 */
function withGateway(job: Job): Job | undefined {
  const edits = job.steps.filter((step) => step.kind === "edit-registry");
  // the first of several would take the others' transcript away
  if (edits.length !== 1) return undefined;
  const removes = job.steps.some(({ kind }) => kind === "remove-transcript");
  const steps = job.steps.map((step): Step | undefined => {
    if (step.kind !== "edit-registry") return step;
    const request = REQUESTS[step.change]?.(step.entry.entry.key, removes);
    return request && { ...step, edit: { ...step.edit, request } };
  });
  return steps.includes(undefined) ? undefined : { ...job, steps: steps as Step[] };
}

/**
 * What becomes of a job while a gateway runs whose registry has no lock: the gateway does it, or it is left alone, with what the
 * gateway would have to be asked for.
 *
 * @param spared of the job when it is left alone
 */
export function throughGateway(job: Job, offer: GatewayOffer | null, spared: Spared): Job | Spared {
  const asked = withGateway(job);
  if (asked && offer === "offered") return asked;
  const requests = asked?.steps.flatMap((step) =>
    step.kind === "edit-registry" && step.edit?.request ? step.edit.request : [],
  );
  const notAsked = offer === "offered" || offer === null ? {} : { notAsked: offer };
  return { ...spared, ...(requests && requests.length > 0 ? { requests, ...notAsked } : {}) };
}

const REQUESTS: Partial<Record<RegistryChange, (key: string, removes: boolean) => GatewayRequest>> = {
  "fresh-start": (key) => ({ method: "sessions.reset", params: { key } }),
  // nobody is to be told in a chat that its session ended
  "remove-entry": (key, removes) => ({
    method: "sessions.delete",
    params: { key, deleteTranscript: removes, emitLifecycleHooks: false },
  }),
};
