import { expect } from 'chai';
import { windowed } from '../../src/dicom/voi.ts';
import { suite, test } from '../harness/registry.ts';
import { made } from './dicom_maker.ts';

suite('DICOM: windows', () => {
  test('linear: PS3.3 C.11.2.1.2, whose width counts levels', () => {
    const window = { center: 2048, width: 4096, shape: 'LINEAR' } as const;
    // Its example: y = ((x - 2047.5) / 4095 + 0.5).
    expect([0, 2047.5, 4095].map((x) => windowed(x, window))).to.deep.equal([0, 0.5, 1]);
    const one = { center: 0, width: 1, shape: 'LINEAR' } as const;
    expect([-1, -0.5, 0].map((x) => windowed(x, one))).to.deep.equal([0, 0, 1]);
    const small = { center: 0, width: 100, shape: 'LINEAR' } as const;
    expect([-50, -51, 49, 49.01].map((x) => windowed(x, small))).to.deep.equal([0, 0, 1, 1]);
    expect(windowed(10, small)).to.be.closeTo(10.5 / 99 + 0.5, 1e-15);
  });

  test('linear exact: the width is the distance of the ends', () => {
    const window = { center: 127.5, width: 255, shape: 'LINEAR_EXACT' } as const;
    expect([-3, 0, 51, 255, 300].map((x) => windowed(x, window))).to.deep.equal([0, 0, 0.2, 1, 1]);
  });

  test('sigmoid: half at the centre, and 1 / (1 + e^-2) half a width above it', () => {
    const window = { center: 40, width: 80, shape: 'SIGMOID' } as const;
    expect(windowed(40, window)).to.equal(0.5);
    expect(windowed(80, window)).to.be.closeTo(1 / (1 + Math.exp(-2)), 1e-15);
    expect(windowed(0, window)).to.be.closeTo(1 / (1 + Math.exp(2)), 1e-15);
  });

  test('several windows are all kept, in order, with what they are called', () => {
    const file = made({
      pixels: [0],
      more: [
        [0x00281050, 'DS', '40\\-600\\300'],
        [0x00281051, 'DS', '80\\1500\\0'],
        [0x00281055, 'LO', 'BRAIN\\LUNG\\BROKEN'],
      ],
    });
    expect(file.values().voi.windows).to.deep.equal([
      { center: 40, width: 80, shape: 'LINEAR', explanation: 'BRAIN' },
      { center: -600, width: 1500, shape: 'LINEAR', explanation: 'LUNG' },
    ]);
  });

  test('the function is the one that the file names', () => {
    const more = (name: string) =>
      [
        [0x00281050, 'DS', '4'],
        [0x00281051, 'DS', '0.5'],
        [0x00281056, 'CS', name],
      ] as const;
    const shape = (name: string) => made({ pixels: [0], more: more(name) }).values().voi.windows[0]?.shape;
    expect(shape('SIGMOID')).to.equal('SIGMOID');
    expect(shape('LINEAR_EXACT')).to.equal('LINEAR_EXACT');
    // A width below 1 is nothing that the linear function takes.
    expect(shape('LINEAR')).to.equal(undefined);
  });
});
