"""What the scripts beside this share: a slice of a DICOM series in its plainest form, and this project's programs in Deno."""
import os

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def new_series():
    """UIDs of a study, its series and its frame of reference."""
    return generate_uid(), generate_uid(), generate_uid()


def plain_slice(series, patient, pixels):
    """A CT slice of 12 bits in 16; where it lies is not said."""
    one = Dataset()
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = generate_uid()
    one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = series
    one.PatientName, one.PatientID, one.Modality = "P", patient, "CT"
    one.Rows, one.Columns = pixels.shape
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 12, 11, 0
    one.PixelData = pixels.astype("<u2").tobytes()
    return one


def program(name, *words, flags=()):
    """The command that runs a program of this folder in Deno."""
    deno = os.path.join(ROOT, "node_modules/deno/bin.cjs")
    script = os.path.join(ROOT, "test/reference", name)
    return ["node", deno, "run", "-A", "--no-lock", "--no-check", "--quiet", *flags, script, *words]
