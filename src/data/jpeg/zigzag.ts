/** Where the coefficients of a block lie, row by row, in the order in which a file has them. */
export const ZIGZAG = zigzag();

function zigzag(): Uint8Array {
  const order = new Uint8Array(64);
  let at = 0;
  for (let sum = 0; sum < 15; sum++) {
    for (let i = Math.max(0, sum - 7); i <= Math.min(7, sum); i++) {
      const [x, y] = sum % 2 === 0 ? [i, sum - i] : [sum - i, i];
      order[at++] = 8 * y + x;
    }
  }
  return order;
}
