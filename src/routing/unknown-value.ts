/**
 * Stands in the gateway's configuration for a text that depends on an environment variable which is not known here: the
 * gateway may have it, as its surroundings differ from those of cron.
 */
export class UnknownValue {
  readonly variable: string;

  constructor(variable: string) {
    this.variable = variable;
  }
}

/** A value of the configuration as data, or nothing that can be known. */
export type Known<T> = T | UnknownValue;
