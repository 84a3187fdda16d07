import type { FileSystem } from '../../src/base/file_system.ts';
import { joinPath } from '../../src/base/paths.ts';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { type DicomElement, encodeDicom } from '../../src/dicom/write.ts';

/** Enhanced MR and CT. */
const CLASSES: Readonly<Record<string, string>> = {
  MR: '1.2.840.10008.5.1.4.1.1.4.1',
  CT: '1.2.840.10008.5.1.4.1.1.2.1',
};

const text = (numbers: readonly number[] | null) => numbers?.map((value) => value.toFixed(7)).join('\\') ?? '';

const group = (tag: number, ...item: readonly DicomElement[]): DicomElement => [tag, 'SQ', { items: [item] }];

/**
 * One enhanced object of the files of a series: what is the same of all frames in the shared groups, places and more in those of each.
 * @param order which file is which frame
 * @param each more groups of a frame, by its number
 */
export function enhanced(
  files: readonly Uint8Array[],
  order: readonly number[],
  instance: string,
  each: (frame: number) => readonly DicomElement[] = () => [],
): Uint8Array<ArrayBuffer> {
  const slices = order.map((i) => DicomFile.read(files[i], 'slice'));
  const [{ dataSet, format }] = slices;
  const pixels = slices.map((slice) => slice.dataSet.value(slice.dataSet.element('pixels')!));
  const all = new Uint8Array(pixels.length * pixels[0].length);
  for (const [i, one] of pixels.entries()) all.set(one, i * one.length);
  const own = (tag: number, vr: string): DicomElement[] => {
    const element = dataSet.elements.get(tag);
    return element ? [[tag, vr, dataSet.value(element).slice()]] : [];
  };
  const rescale = [0x00281052, 0x00281053, 0x00281054].flatMap((tag) => own(tag, tag === 0x00281054 ? 'LO' : 'DS'));
  const window = [0x00281050, 0x00281051].flatMap((tag) => own(tag, 'DS'));
  const place = slices[0].place();
  return encodeDicom([
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\VOLUME\\NONE'],
    [0x00080016, 'UI', CLASSES[dataSet.string('modality')]],
    [0x00080018, 'UI', instance],
    ...own(0x00080020, 'DA'),
    ...own(0x00080060, 'CS'),
    ...own(0x00100010, 'PN'),
    ...own(0x00100020, 'LO'),
    ...[0x0020000d, 0x0020000e, 0x00200052].flatMap((tag) => own(tag, 'UI')),
    [0x00200013, 'IS', '1'],
    ...[0x00280002, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103].flatMap((tag) =>
      own(tag, 'US'),
    ),
    ...own(0x00280004, 'CS'),
    [0x00280008, 'IS', String(slices.length)],
    group(
      0x52009229,
      group(0x00209116, [0x00200037, 'DS', text(place.orientation)]),
      group(0x00289110, [0x00280030, 'DS', text(place.spacing)]),
      ...(rescale.length > 0 ? [group(0x00289145, ...rescale)] : []),
      ...(window.length > 0 ? [group(0x00289132, ...window)] : []),
    ),
    [
      0x52009230,
      'SQ',
      {
        items: slices.map((slice, frame) => [
          group(0x00209113, [0x00200032, 'DS', text(slice.place().position)]),
          ...each(frame),
        ]),
      },
    ],
    [0x7fe00010, format.bitsAllocated > 8 ? 'OW' : 'OB', all],
  ]);
}

/** Puts an enhanced object in the place of a series' files in a folder, its frames in another order: first the odd ones, then the even ones. */
export async function becomeEnhanced(fs: FileSystem, folder: string, instance: string): Promise<void> {
  const names = (await fs.list(folder)).map(({ name }) => name).filter((name) => name.startsWith('IM'));
  const files = await Promise.all(names.map((name) => fs.readFile(joinPath(folder, name))));
  const numbers = files.map((_, i) => i);
  const order = [...numbers.filter((i) => i % 2 === 1), ...numbers.filter((i) => i % 2 === 0)];
  for (const name of names) await fs.remove(joinPath(folder, name));
  await fs.writeFile(joinPath(folder, 'IM-enhanced.dcm'), enhanced(files, order, instance));
}
