/** A height in feet and inches, for those who know theirs so; what is kept is centimetres. */

const CM_OF_INCH = 2.54;
const INCHES_OF_FOOT = 12;

/** Feet and inches of centimetres; inches to the half, as people say them. */
export function feetOf(centimetres: number): { feet: number; inches: number } {
  const inches = Math.round((centimetres / CM_OF_INCH) * 2) / 2;
  const feet = Math.floor(inches / INCHES_OF_FOOT);
  return { feet, inches: inches - feet * INCHES_OF_FOOT };
}

/** Centimetres to the tenth. */
export function centimetresOf(feet: number, inches: number): number {
  return Math.round((feet * INCHES_OF_FOOT + inches) * CM_OF_INCH * 10) / 10;
}
