import { assert } from 'chai';
import { heatColours } from '../../src/data/heat_map.ts';
import { BAR_HEIGHT, heatPicture } from '../../src/data/heat_picture.ts';
import type { Image } from '../../src/data/image.ts';
import { suite, test } from '../harness/registry.ts';

/** A picture whose map is 0 on the left and 1 on the right. */
function picture(width: number, range: readonly [number, number], level: number | null): Image {
  const image: Image = { width, height: 3, channels: 1, data: new Uint8Array(3 * width).fill(90) };
  const data = Float32Array.from({ length: 3 * width }, (_, i) => (i % width < width / 2 ? 0 : 1));
  return heatPicture(image, { width, height: 3, data }, { range, level });
}

/** Pixels of a row: W white, B black, and a dot for what has a colour. */
function row({ width, data }: Image, y: number): string {
  return Array.from({ length: width }, (_, x) => {
    const [r, g, b] = data.subarray(3 * (y * width + x));
    return r === 255 && g === 255 && b === 255 ? 'W' : r === 0 && g === 0 && b === 0 ? 'B' : '.';
  }).join('');
}

/** The scores below the bar: # where a pixel is white. */
const written = (drawn: Image) =>
  [-7, -6, -5, -4, -3].map((from) =>
    row(drawn, drawn.height + from)
      .replaceAll('B', ' ')
      .replaceAll('W', '#')
      .trimEnd(),
  );

suite('heat pictures', () => {
  test('what reaches the threshold has a light line within its edge and a dark rim around it, on all four sides', () => {
    const side = 7;
    const image: Image = { width: side, height: side, channels: 1, data: new Uint8Array(side * side).fill(90) };
    const within = (i: number) => [i % side, Math.floor(i / side)].every((place) => place >= 2 && place <= 4);
    const data = Float32Array.from({ length: side * side }, (_, i) => (within(i) ? 0.5 : 0.4999));
    const drawn = heatPicture(image, { width: side, height: side, data }, { range: [0, 1], level: 0.5 });
    assert.deepEqual(
      Array.from({ length: side }, (_, y) => row(drawn, y)),
      ['.......', '..BBB..', '.BWWWB.', '.BW.WB.', '.BWWWB.', '..BBB..', '.......'],
    );
  });

  test('the scores at the ends of the bar are written below it', () => {
    assert.deepEqual(written(picture(40, [-1.5, 2.25], null)), [
      '      #      ###        ###     ### ###',
      '     ##      #            #       # #',
      ' ###  #      ###        ###     ### ###',
      '      #        #        #       #     #',
      '     ###  #  ###        ###  #  ### ###',
    ]);
    assert.deepEqual(written(picture(60, [346, 7.89e21], null)), [
      ' ### # # ###                ###     ### ### ###     ###  #',
      '   # # # #                    #     # # # # # #  #    # ##',
      ' ### ### ###                 #      ### ### ### ### ###  #',
      '   #   # # #                 #      # #   # #    #  #    #',
      ' ###   # ###                 #   #  ### ### ###     ### ###',
    ]);
  });

  test('one that is too narrow for both has the upper end', () => {
    assert.deepEqual(written(picture(22, [-1.5, 2.25], null)), [
      '      ###     ### ###',
      '        #       # #',
      '      ###     ### ###',
      '      #       #     #',
      '      ###  #  ### ###',
    ]);
    // Both take four columns a character, and one between them.
    const lower = (width: number) =>
      written(picture(width, [-1.5, 2.25], null)).some((line) => line.slice(0, 16).trim());
    assert.deepEqual([35, 36].map(lower), [false, true]);
    assert.equal(written(picture(10, [-1.5, 2.25], null))[0], '###     ##');
  });

  test('a white line with a dark rim goes where the map reaches the level, and the bar has a mark there', () => {
    const drawn = picture(40, [-1.5, 2.25], 0.5);
    assert.equal(drawn.height, 3 + BAR_HEIGHT);
    assert.equal(row(drawn, 1), `${'.'.repeat(19)}BW${'.'.repeat(19)}`);
    // (0.5 + 1.5) / 3.75 of the way from 0 to 39 is 20.8.
    assert.equal(row(drawn, 5), `${'.'.repeat(20)}BWB${'.'.repeat(17)}`);
    const colours = [...heatColours()];
    const at = (x: number) => [...drawn.data.subarray(3 * (5 * 40 + x), 3 * (5 * 40 + x) + 3)];
    assert.deepEqual([at(0), at(39)], [colours.slice(0, 3), colours.slice(-3)]);
    const beyond = picture(40, [-1.5, 2.25], 2.5);
    assert.notInclude(row(beyond, 1) + row(beyond, 5), 'W');
  });
});
