"""Holds the readers of DICOM and NIfTI against pydicom, pylibjpeg and nibabel.

    python -m venv V && V/bin/pip install pydicom pylibjpeg pylibjpeg-openjpeg pylibjpeg-libjpeg pylibjpeg-rle nibabel numpy
    V/bin/python test/reference/clinical.py FOLDER ... [--transcode]

Every file below the folders that pydicom or nibabel reads is read by both sides, and all pixels are compared: stored values,
modality values and colours of DICOM, values and affines of NIfTI. --transcode adds copies in other transfer syntaxes, made
with DCMTK where that is installed. Nothing is written but to a temporary folder. Exit code 1 where a file differs.
"""
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings

import numpy as np

warnings.simplefilter("ignore")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MOST_FRAMES = 3

TOOLS = [
    ("dcmcjpeg", ["+e1"]),
    ("dcmcjpeg", ["+el"]),
    ("dcmcjpeg", ["+el", "+sv", "4"]),
    ("dcmcjpeg", ["+el", "+sv", "7"]),
    ("dcmcjpeg", ["+ee"]),
    ("dcmcjpeg", ["+eb"]),
    ("dcmcjpls", ["+el"]),
    ("dcmcjpls", ["+en"]),
    ("dcmcrle", []),
    ("dcmconv", ["+ti"]),
    ("dcmconv", ["+te"]),
    ("dcmconv", ["+tb"]),
    ("dcmconv", ["+td"]),
    ("dcmconv", ["-F"]),
    ("dcmconv", ["+e", "+td"]),
    ("gdcmconv", ["--j2k"]),
]


def files_below(folders):
    for folder in folders:
        if os.path.isfile(folder):
            yield folder
        for where, _, names in os.walk(folder):
            for name in sorted(names):
                if not name.endswith((".py", ".pyc", ".so", ".txt", ".json", ".dump", ".xml", ".html")):
                    yield os.path.join(where, name)


def dump(out, array, entry, key):
    name = f"{len(os.listdir(out))}.bin"
    array = np.ascontiguousarray(array)
    array = array.astype(array.dtype.newbyteorder("<"))
    with open(os.path.join(out, name), "wb") as file:
        file.write(array.tobytes())
    entry[key] = {"file": name, "type": array.dtype.str, "shape": list(array.shape)}


def rescale_of(ds, index):
    """The data set that holds the rescale of a frame."""
    for groups in (ds.get("PerFrameFunctionalGroupsSequence", []) or [], ds.get("SharedFunctionalGroupsSequence", []) or []):
        group = groups[index if len(groups) > 1 else 0] if groups else {}
        if "PixelValueTransformationSequence" in group:
            return group.PixelValueTransformationSequence[0]
    return ds


def dicom_entry(path, out):
    import pydicom
    from pydicom.pixels import apply_modality_lut, pixel_array

    ds = pydicom.dcmread(path, force=True)
    stated = str(getattr(getattr(ds, "file_meta", None), "TransferSyntaxUID", None))
    if stated.endswith(".4.51") and ds.get("BitsStored", 8) > 8 and ds.SamplesPerPixel == 3:
        return {"kind": "dicom", "path": path, "frames": [], "refused": "colours of 12 bits: no reference"}
    if stated.endswith(".4.51") and ds.get("BitsStored", 8) > 8 and shutil.which("dcmdjpeg"):
        # DCMTK's libjpeg of 12 bits: pylibjpeg's inverse transform is up to three levels off the exact one.
        plain = os.path.join(out, "..", "plain.dcm")
        if subprocess.run(["dcmdjpeg", path, plain], capture_output=True).returncode == 0:
            ds = pydicom.dcmread(plain)
    if len(ds) == 0:
        return None
    meta = getattr(ds, "file_meta", None)
    syntax = getattr(meta, "TransferSyntaxUID", None)
    entry = {"kind": "dicom", "path": path, "syntax": stated, "frames": []}
    if not any(name in ds for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        entry["pixels"] = False
        return entry
    entry["pixels"] = True
    if syntax is None:
        if not hasattr(ds, "file_meta"):
            ds.file_meta = pydicom.dataset.FileMetaDataset()
        implicit, little = ds.original_encoding
        ds.file_meta.TransferSyntaxUID = (
            "1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1" if little else "1.2.840.10008.1.2.2"
        )
    entry["lossy"] = stated.split(".")[-1] in ("50", "51", "91", "203")
    frames = int(getattr(ds, "NumberOfFrames", 1) or 1)
    for index in range(min(frames, MOST_FRAMES)):
        frame = {"index": index}
        try:
            stored = pixel_array(ds, index=index, raw=True)
        except Exception as error:
            entry["refused"] = f"{type(error).__name__}: {str(error)[:100]}"
            break
        if stored.ndim == 3 and stored.shape[0] == 1:
            stored = stored[0]
        dump(out, stored, frame, "stored")
        if ds.get("SamplesPerPixel", 1) == 1 and ds.PhotometricInterpretation.startswith("MONO"):
            dump(out, np.asarray(apply_modality_lut(stored, rescale_of(ds, index)), dtype=np.float64), frame, "values")
        elif ds.PhotometricInterpretation == "PALETTE COLOR" and ds.original_encoding[1]:
            # pydicom does not turn the bytes of big endian palettes.
            rgb = pydicom.pixels.apply_color_lut(stored, ds)
            if rgb.dtype == np.uint16:
                rgb = (rgb >> 8).astype(np.uint8)
            dump(out, rgb[..., :3], frame, "rgb")
        elif ds.SamplesPerPixel == 3:
            try:
                # libjpeg smooths subsampled chroma, as this project does; pylibjpeg does it another way.
                plugin = "pillow" if stated.endswith((".4.50", ".4.51")) else ""
                rgb = pixel_array(ds, index=index, raw=False, decoding_plugin=plugin)
                if rgb.dtype == np.uint8:
                    dump(out, rgb, frame, "rgb")
            except Exception:
                pass
        entry["frames"].append(frame)
    return entry


def nifti_entry(path, out):
    import nibabel

    image = nibabel.load(path)
    if not isinstance(image, (nibabel.Nifti1Pair, nibabel.Nifti2Pair)):
        return None
    header = image.header
    entry = {"kind": "nifti", "path": path, "syntax": f"NIfTI {type(image).__name__} {header.get_data_dtype().str}"}
    entry["affine"] = image.affine.tolist()
    data = np.asarray(image.dataobj)
    if data.dtype.kind in "cV":
        entry["refused"] = "complex or colours"
        return entry
    dump(out, np.asarray(data, dtype=np.float64).T, entry, "values")
    return entry


def transcoded(paths, out):
    """Copies of files in other transfer syntaxes; what a tool refuses is left out."""
    for path, plain in paths:
        for number, (tool, flags) in enumerate(TOOLS):
            if not shutil.which(tool):
                continue
            to = os.path.join(out, f"{len(os.listdir(out))}_{os.path.basename(path)}_{tool}{number}.dcm")
            if "-F" in flags and not plain:
                continue  # a bare data set does not say how it is compressed
            done = subprocess.run([tool, *flags, path, to], capture_output=True)
            if done.returncode == 0 and os.path.exists(to):
                yield to


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    folder = tempfile.mkdtemp(prefix="fusionclip-clinical-")
    try:
        out = os.path.join(folder, "expected")
        copies = os.path.join(folder, "copies")
        os.makedirs(out)
        os.makedirs(copies)
        entries = []
        seen = set()

        def take(path):
            with open(path, "rb") as file:
                content = file.read()
            if content in seen:
                return None
            seen.add(content)
            for read in (nifti_entry, dicom_entry):
                if read is nifti_entry and not path.endswith((".nii", ".nii.gz", ".hdr", ".img")):
                    continue
                if read is dicom_entry and content[128:132] != b"DICM" and not path.endswith(".dcm"):
                    continue
                try:
                    entry = read(path, out)
                except Exception as error:
                    entry = {"kind": "none", "path": path, "error": str(error)[:100]}
                if entry:
                    entries.append(entry)
                    return entry
            return None

        real = list(files_below(arguments))
        plain = []
        for path in real:
            entry = take(path)
            if entry and entry["kind"] == "dicom" and entry["frames"] and os.path.getsize(path) < 2e6:
                plain.append((path, entry["syntax"] in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")))
        count = len(entries)
        if "--transcode" in sys.argv:
            for path in transcoded(plain, copies):
                take(path)
        listing = os.path.join(folder, "list.json")
        with open(listing, "w") as file:
            json.dump({"expected": out, "entries": entries}, file)
        print(f"{count} real files, {len(entries) - count} transcoded copies")
        kinds = collections.Counter(e.get("syntax", "-") for e in entries)
        print(", ".join(f"{name}: {n}" for name, n in kinds.most_common()))
        deno = os.path.join(ROOT, "node_modules/deno/bin.cjs")
        script = os.path.join(ROOT, "test/reference/clinical.ts")
        command = ["node", deno, "run", "-A", "--no-lock", "--no-check", "--quiet", script, listing]
        sys.exit(subprocess.run(command).returncode)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
