import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { type El, greyOf, made } from './dicom_maker.ts';

const rescale = (slope: string, intercept: string): El => [
  0x00289145,
  'SQ',
  {
    items: [
      [
        [0x00281052, 'DS', intercept],
        [0x00281053, 'DS', slope],
      ],
    ],
  },
];

suite('DICOM: groups of enhanced objects', () => {
  test('a frame has its own rescale, window and place; what it lacks is shared', async () => {
    const place = (z: number): El => [0x00209113, 'SQ', { items: [[[0x00200032, 'DS', `1\\2\\${z}`]]] }];
    const window: El = [
      0x00289132,
      'SQ',
      {
        items: [
          [
            [0x00281050, 'DS', '9'],
            [0x00281051, 'DS', '3'],
          ],
        ],
      },
    ];
    const file = made({
      frames: 2,
      columns: 2,
      pixels: [1, 2, 3, 4],
      more: [
        [
          0x52009229,
          'SQ',
          {
            items: [
              [
                [0x00209116, 'SQ', { items: [[[0x00200037, 'DS', '1\\0\\0\\0\\1\\0']]] }],
                [0x00289110, 'SQ', { items: [[[0x00280030, 'DS', '0.5\\0.75']]] }],
                rescale('100', '0'),
              ],
            ],
          },
        ],
        [
          0x52009230,
          'SQ',
          {
            items: [
              [place(-4), rescale('2', '1')],
              [place(6), window],
            ],
          },
        ],
      ],
    });
    expect(Array.from((await greyOf(file, 0)).values)).to.deep.equal([3, 5]);
    expect(Array.from((await greyOf(file, 1)).values)).to.deep.equal([300, 400]);
    expect(file.place(1)).to.deep.equal({ position: [1, 2, 6], orientation: [1, 0, 0, 0, 1, 0], spacing: [0.5, 0.75] });
    expect(file.place(0).position).to.deep.equal([1, 2, -4]);
    expect([file.values(0), file.values(1)].map(({ voi }) => voi.windows.length)).to.deep.equal([0, 1]);
  });
});
