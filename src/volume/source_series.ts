import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { newUid } from '../dicom/write/items.ts';
import { lossOf, patientAndStudy, type SourceSeries } from '../dicom/write/source.ts';
import type { DicomVolume } from './dicom_volume.ts';
import { directions, dot, spacings } from './geometry.ts';
import { openHeader } from './slice_header.ts';

/**
 * What DICOM results take over from the series that a volume was read from: the patient, the study, where its slices lie. Its first file
 * is read for it.
 * @throws FusionclipError `bad_data` for files without the identifiers that a result must refer to, `bad_image`, `io`
 */
export async function sourceSeries(fs: FileSystem, volume: DicomVolume): Promise<SourceSeries> {
  const { slices, shape, affine } = volume;
  const [first] = slices;
  const nameless = slices.filter(({ instance, sopClass }) => instance === '' || sopClass === '').length;
  if (first.study === '' || first.series === '' || nameless > 0) {
    throw new FusionclipError(
      'bad_data',
      `${volume.name}: its files do not say of which study, series and object they are, so that no DICOM result can refer to them; ${volume.placed ? 'write nifti alone' : 'leave --write'}.`,
    );
  }
  const file = await openHeader(fs, first.path, volume.name);
  const { place } = first;
  const orientation = place.orientation ?? [1, 0, 0, 0, 1, 0];
  const normal = directions(orientation)?.[2] ?? [0, 0, 1];
  const along = slices.map((slice) => dot(slice.place.position ?? [], normal));
  const steps = along.slice(1).map((value, i) => value - along[i]);
  return file.facts((dataSet) => ({
    head: patientAndStudy(dataSet),
    study: first.study,
    series: first.series,
    placed: volume.placed,
    // A series without one has places that are comparable among themselves alone.
    frameOfReference: first.frameOfReference || (volume.placed ? newUid() : ''),
    modality: first.modality,
    laterality: first.side,
    burnedIn: dataSet.string('burnedIn'),
    lossy: lossOf(dataSet),
    orientation,
    spacing: place.spacing ?? [1, 1],
    // Where slices are missing, the step of those that are not.
    distance: steps.length > 0 ? Math.min(...steps) : spacings(affine)[2],
    columns: shape[0],
    rows: shape[1],
    slices: slices.map(({ instance, sopClass, frame, frames, place: { position } }) => ({
      sopClass,
      instance,
      frame: frames > 1 ? frame + 1 : null,
      position: position ?? [0, 0, 0],
    })),
  }));
}
