"""Writes test/dicom/codec_frames.json: small frames in each codec, made by other programs.

    V/bin/pip install imagecodecs pydicom numpy; V/bin/python test/reference/codec_frames.py

Lossless JPEG is DCMTK's (dcmcjpeg), the others are of imagecodecs: CharLS, OpenJPEG, OpenJPH and libjpeg-turbo. The pictures
are worked out by the same formulas in test/dicom/codecs.suite.ts.
"""
import base64
import json
import os
import subprocess
import tempfile

import imagecodecs
import numpy as np
import pydicom
from pydicom.encaps import generate_frames

y, x = np.mgrid[0:12, 0:16]
g8 = ((x * 9 + y * 13 + x * y) & 0xFF).astype(np.uint8)
g12 = ((x * 37 + y * 101 + x * y * 5) & 0xFFF).astype(np.uint16)
g16 = ((x * 3701 + y * 1013 + x * y * 77) & 0xFFFF).astype(np.uint16)
rgb = np.stack([g8, 255 - g8, g8 // 2], -1).copy()
smooth = np.round(2048 + 1500 * np.sin(x / 5) * np.cos(y / 4)).astype(np.uint16)


def dcmtk(pixels, bits, *flags):
    with tempfile.TemporaryDirectory() as folder:
        ds = pydicom.Dataset()
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
        ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
        ds.Rows, ds.Columns, ds.SamplesPerPixel = pixels.shape[0], pixels.shape[1], 3 if pixels.ndim == 3 else 1
        ds.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
        if pixels.ndim == 3:
            ds.PlanarConfiguration = 0
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = pixels.itemsize * 8, bits, bits - 1
        ds.PixelRepresentation = 0
        ds.PixelData = pixels.tobytes()
        plain, packed = os.path.join(folder, "a.dcm"), os.path.join(folder, "b.dcm")
        ds.save_as(plain, enforce_file_format=True)
        subprocess.run(["dcmcjpeg", *flags, plain, packed], check=True)
        return next(generate_frames(pydicom.dcmread(packed).PixelData, number_of_frames=1))


frames = {f"lossless {p}": dcmtk(g12, 12, "+el", "+sv", str(p)) for p in range(1, 8)}
frames["lossless 16"] = dcmtk(g16, 16, "+e1")
frames["lossless rgb"] = dcmtk(rgb, 8, "+e1")
frames["extended 12"] = dcmtk(smooth, 12, "+ee", "+q", "95")
frames["baseline 8"] = dcmtk(g8, 8, "+eb", "+q", "95")
# Colours that change slowly: where chroma is coarser, programs differ in how they make it fine again.
colours = np.stack([smooth >> 4, 255 - (smooth.T[:12, :12].mean() / 16 + x).astype(np.uint16) % 256, 40 + 9 * y + 2 * x], -1)
colours = np.clip(colours, 0, 255).astype(np.uint8)
frames["baseline 444"] = imagecodecs.jpeg8_encode(colours, level=95, subsampling="444")
frames["baseline 422"] = imagecodecs.jpeg8_encode(colours, level=95, subsampling="422")
frames["jpeg-ls 8"] = imagecodecs.jpegls_encode(g8)
frames["jpeg-ls 12"] = imagecodecs.jpegls_encode(g12)
frames["jpeg-ls rgb"] = imagecodecs.jpegls_encode(rgb)
frames["jpeg 2000 12"] = imagecodecs.jpeg2k_encode(g12, codecformat="j2k", reversible=True, level=0, bitspersample=12)
frames["jpeg 2000 signed"] = imagecodecs.jpeg2k_encode(g12.astype(np.int16) - 2048, codecformat="j2k", reversible=True, level=0)
frames["jpeg 2000 rgb"] = imagecodecs.jpeg2k_encode(rgb, codecformat="j2k", reversible=True, level=0, mct=True)
frames["jp2 12"] = imagecodecs.jpeg2k_encode(g12, codecformat="jp2", reversible=True, level=0, bitspersample=12)
frames["htj2k 16"] = imagecodecs.htj2k_encode(g16, reversible=True)

here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(os.path.join(here, "dicom", "codec_frames.json"), "w") as file:
    out = {name: base64.b64encode(bytes(data)).decode() for name, data in frames.items()}
    lossy = {
        "extended 12": imagecodecs.jpeg8_decode(bytes(frames["extended 12"])).ravel().tolist(),
        "baseline 8": imagecodecs.jpeg8_decode(bytes(frames["baseline 8"])).ravel().tolist(),
        **{
            name: imagecodecs.jpeg8_decode(bytes(frames[name])).ravel().tolist()
            for name in ("baseline 444", "baseline 422")
        },
    }
    json.dump({"frames": out, "lossy": lossy}, file, indent=1)
    file.write("\n")
