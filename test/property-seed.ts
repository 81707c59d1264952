import { configureGlobal } from "fast-check";

// The same cases in each run, so that a check turns red by a change alone. Others are tried with PROPERTY_SEED=<number>.
configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 20261120) });
