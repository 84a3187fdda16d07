import { FusionclipError } from '../base/errors.ts';
import { DicomFile } from '../dicom/dicom_file.ts';
import { groupOf } from '../dicom/frame_facts.ts';
import { SEQUENCES } from '../dicom/tags.ts';
import { affineOf, directions, dot, minus, times } from './geometry.ts';
import type { LabelVolume } from './mask.ts';

/** How far frames may lie off their grid, as a part of the distance between them. */
const UNEVEN = 0.02;

/** Voxels of a grid that is held: 2,000 slices of 1,024 × 1,024. */
const MOST_VOXELS = 2 ** 31;

/**
 * The lesions of a DICOM segmentation (SEG): all its segments as one, fractions from one half on. Frames of a plane that are not
 * there hold nothing.
 * @param segments numbers of the segments to take; all without
 * @throws FusionclipError `bad_image`, and `bad_data` where its frames make no grid
 */
export async function segmentationLabels(
  bytes: Uint8Array,
  name: string,
  segments: ReadonlySet<number> | null = null,
): Promise<LabelVolume> {
  const file = DicomFile.read(bytes, name);
  const { frames, columns, rows } = file.format;
  const refuse = (what: string): never => {
    throw new FusionclipError('bad_data', `${name}: ${what}; this segmentation cannot be used as a mask.`);
  };
  const { fractional, most } = file.facts((dataSet) => ({
    fractional: dataSet.string('segmentationType') === 'FRACTIONAL',
    most: dataSet.number('maximumFraction', 255),
  }));
  const first = file.place(0);
  const axes = first.orientation && directions(first.orientation);
  if (!axes || !first.spacing) return refuse('its frames have no place');
  const planes: { frame: number; along: number; position: readonly number[] }[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const { position, orientation } = file.place(frame);
    if (!position || !orientation) return refuse('some of its frames have no place');
    const same = orientation.every((value, i) => Math.abs(value - (first.orientation?.[i] ?? 0)) < 1e-3);
    if (!same) return refuse('its frames are turned to several sides');
    const segment = file.facts((dataSet) =>
      groupOf(dataSet, frame, SEQUENCES.segmentIdentification).number('referencedSegment', 1),
    );
    if (!segments || segments.has(segment)) planes.push({ frame, along: dot(position, axes[2]), position });
  }
  if (planes.length === 0) return refuse('it holds none of the segments that are asked for');
  planes.sort((a, b) => a.along - b.along);
  const distance = distanceOf(
    planes.map(({ along }) => along),
    statedDistance(file),
  );
  const index = ({ along }: { along: number }) => (along - planes[0].along) / distance;
  if (planes.some((plane) => Math.abs(index(plane) - Math.round(index(plane))) > UNEVEN)) {
    return refuse('its frames lie at uneven distances');
  }
  const depth = Math.round(index(planes[planes.length - 1])) + 1;
  if (columns * rows * depth > MOST_VOXELS) return refuse('its frames lie too far apart');
  const labels = new Uint8Array(columns * rows * depth);
  for (const plane of planes) {
    const { data } = await file.stored(plane.frame);
    const from = Math.round(index(plane)) * columns * rows;
    const least = fractional ? most / 2 : 1;
    for (let i = 0; i < columns * rows; i++) if (data[i] >= least) labels[from + i] = 1;
    // Frames must lie above each other, whichever segment they are of.
    const beside = minus(plane.position, planes[0].position);
    const off = minus(beside, times(axes[2], plane.along - planes[0].along));
    if (Math.hypot(...off) > Math.min(...first.spacing) / 2) return refuse('its frames lie beside each other');
  }
  const affine = affineOf(axes, first.spacing, planes[0].position, times(axes[2], distance));
  return { name, shape: [columns, rows, depth], affine, labels, openEnds: true };
}

/** The smallest distance between planes; where all are one, what the file says, or 1. */
function distanceOf(sorted: readonly number[], stated: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < sorted.length; i++)
    if (sorted[i] - sorted[i - 1] > 1e-3) least = Math.min(least, sorted[i] - sorted[i - 1]);
  if (!Number.isFinite(least)) return stated > 0 ? stated : 1;
  // Where every other plane is empty, the stated distance is half of what is found.
  const parts = stated > 0 ? Math.round(least / stated) : 1;
  return parts >= 1 && Math.abs(least - parts * stated) < UNEVEN * least ? least / parts : least;
}

function statedDistance(file: DicomFile): number {
  return file.facts((dataSet) => {
    const measures = groupOf(dataSet, 0, SEQUENCES.pixelMeasures);
    return measures.number('sliceDistance') ?? measures.number('sliceThickness', 0);
  });
}
