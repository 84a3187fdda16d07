/** What somebody writes who reads volumes and trains nothing; no GPU is asked for. */
import { BlobFiles } from 'fusionclip';
import { DicomFile, isDicom } from 'fusionclip/dicom';
import { encodeNifti, NiftiFile } from 'fusionclip/nifti';
import { collectVolumes, decideGrey, greyImage, parseWindow } from 'fusionclip/volume';

/** Grey levels of a NIfTI volume of three voxels in a window, and what a file says that is no DICOM. */
export async function readers() {
  const affine = [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 2, 0],
  ];
  const files = new BlobFiles();
  const bytes = encodeNifti({ shape: [3, 1, 1], affine, data: Int16Array.of(0, 50, 100) });
  files.put('scan/a.nii.gz', new Blob([bytes]));
  const { header } = await NiftiFile.open(files, 'scan/a.nii.gz');
  const [{ volume }] = (await collectVolumes(files, 'scan')).volumes;
  const grey = await decideGrey(volume, parseWindow('100,50'));
  const levels = [...greyImage(await volume.slice(0), grey).data];
  let refused = '';
  try {
    DicomFile.read(bytes, 'a.dcm').format;
  } catch (error) {
    refused = error.code;
  }
  return { depth: header.affine[2][2], levels, isDicom: isDicom(bytes), refused };
}
