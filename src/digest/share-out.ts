/** A part of a text that can be made shorter. */
export type Section = {
  /** its part of the room, against those of the others */
  weight: number;
  /** what it takes when nothing is left out */
  wholeBytes: number;
  /** the part in so many bytes at most; empty when nothing worth saying fits */
  render: (roomBytes: number) => string;
};

/** Shares out the room by weight. What one does not need, the others get. In whole bytes, never more than there is. */
export function shareOut(sections: readonly Pick<Section, "weight" | "wholeBytes">[], roomBytes: number): number[] {
  const shares = sections.map(() => 0);
  let waiting = sections.map((_, index) => index);
  let leftBytes = Math.max(0, roomBytes);
  while (waiting.length > 0) {
    const weights = waiting.reduce((sum, index) => sum + (sections[index]?.weight ?? 0), 0);
    const partOf = (index: number) => Math.floor((leftBytes * (sections[index]?.weight ?? 0)) / weights);
    const content = waiting.filter((index) => (sections[index]?.wholeBytes ?? 0) <= partOf(index));
    const served = content.length > 0 ? content : waiting;
    const granted = served.map((index) => Math.min(sections[index]?.wholeBytes ?? 0, partOf(index)));
    for (const [place, index] of served.entries()) shares[index] = granted[place] ?? 0;
    leftBytes -= granted.reduce((sum, bytes) => sum + bytes, 0);
    waiting = waiting.filter((index) => !served.includes(index));
  }
  return shares;
}
