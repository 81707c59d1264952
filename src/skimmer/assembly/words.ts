import { LOWER_F, LOWER_N, LOWER_T } from "./characters.ts";
import { BROKEN, CUT, carry, isCut } from "./input.ts";

// The words as they lie in memory: the first letter of "false" is passed before its other four are compared.
const TRUE: u32 = 0x65757274;
const ALSE: u32 = 0x65736c61;
const NULL: u32 = 0x6c6c756e;

/** From the first letter of true, false or null to behind the last; or CUT, after a carry; or BROKEN. */
export function passWord(at: usize): usize {
  const first = load<u8>(at);
  if (first === LOWER_T) return passLetters(at, at, TRUE);
  if (first === LOWER_F) return passLetters(at, at + 1, ALSE);
  return first === LOWER_N ? passLetters(at, at, NULL) : BROKEN;
}

function passLetters(word: usize, at: usize, letters: u32): usize {
  if (load<u32>(at) === letters) return at + 4;
  if (!isCut(at, 4)) return BROKEN;
  carry(word);
  return CUT;
}
