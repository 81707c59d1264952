/** What a person is told who asks what a name in a report means. Plain sentences; commands stand in them as they are typed. */
export type Explanation = {
  /** in one line */
  summary: string;
  /** what it is, and how it comes about */
  what: string;
  /** what it does to the bot, and to whom it talks */
  effect: string;
  /** what session-keeper does about it, and with which command */
  keeper: string;
  /** what a person can do */
  byHand: string;
  /** how to get back what it, or its mending, takes away */
  back: string;
};
