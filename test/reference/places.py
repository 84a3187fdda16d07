"""Holds the places of voxels against dcm2niix and nibabel: oblique, tilted, flipped, sagittal and coronal series, and NIfTI files
with sform, qform alone, both and neither.

    apt-get install dcm2niix
    python -m venv V && V/bin/pip install pydicom nibabel numpy
    V/bin/python test/reference/places.py

Series are written to a temporary folder. All corners of a volume must lie within 1e-4 mm of where the others say that they are. Of a tilted
series dcm2niix keeps the slices straight above each other and writes another volume beside it, and of one with missing slices a volume whose
slices follow each other, so these are held against the positions in their files. Exit code 1 where something differs.
"""
import glob
import itertools
import json
import os
import subprocess
import sys
import tempfile

import nibabel
import numpy as np
import pydicom
from made_slices import new_series, plain_slice, program

FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
SHAPE = (7, 5, 6)
problems = []


def turned(*degrees):
    out = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        a, b = [i for i in range(3) if i != axis]
        turn = np.eye(3)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        out = out @ turn
    return out


def write_series(folder, axes, spacing, step=None, origin=(-31.25, 17.5, -88.125), order=1, missing=()):
    """A series of CT slices: `axes` are the directions of rows, columns and slices; `step` another way to the next slice; some are not written."""
    os.makedirs(folder)
    series = new_series()
    step = axes[:, 2] * spacing[2] if step is None else step
    places = []
    for k in range(SHAPE[2]):
        one = plain_slice(series, "1", np.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE[1], SHAPE[0]))
        one.StudyID, one.Manufacturer = "1", "GE"
        one.StudyDate = one.SeriesDate = one.AcquisitionDate = "20260101"
        one.StudyTime = one.SeriesTime = one.AcquisitionTime = "120000"
        one.SeriesNumber, one.AcquisitionNumber, one.InstanceNumber = 1, 1, 1 + (k if order > 0 else SHAPE[2] - 1 - k)
        one.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        one.ImageOrientationPatient = [f"{v:.10f}" for v in axes[:, :2].T.ravel()]
        place = np.array(origin) + k * step
        places.append(place)
        if k in missing:
            continue
        one.ImagePositionPatient = [f"{v:.8f}" for v in place]
        one.PixelSpacing, one.SliceThickness = [spacing[1], spacing[0]], spacing[2]
        one.RescaleIntercept, one.RescaleSlope = 0, 1
        one.save_as(os.path.join(folder, f"{k}.dcm"), enforce_file_format=True)
    out = np.eye(4)
    out[:3, 0], out[:3, 1], out[:3, 2], out[:3, 3] = axes[:, 0] * spacing[0], axes[:, 1] * spacing[1], step, places[0]
    return FLIP @ out


def corners(affine, shape):
    ends = itertools.product(*[(0, n - 1) for n in shape[:3]])
    return np.array([(np.array(affine) @ [*end, 1])[:3] for end in ends])


def apart(a, b):
    """How far the corners of two grids lie apart at most, whichever way each runs along its axes."""
    return max(np.linalg.norm(b - one, axis=1).min() for one in a)


def map_apart(series):
    """How far a slice with numbers of our map lies at most from the file that it is of; infinite where not each has one."""
    image = nibabel.load(f"{series}.map.nii.gz")
    known = np.isfinite(image.get_fdata()).all(axis=(0, 1))
    mine = [(image.affine @ [0, 0, k, 1])[:3] for k in np.flatnonzero(known)]
    files = [pydicom.dcmread(path) for path in glob.glob(f"{series}/*.dcm")]
    theirs = [FLIP[:3, :3] @ np.array(one.ImagePositionPatient, float) for one in files]
    return apart(theirs, np.array(mine)) if len(mine) == len(theirs) else np.inf


def check(name, millimetres):
    print(f"{name}: {millimetres:.1e} mm")
    if not millimetres <= 1e-4:
        problems.append(name)


def ours(*paths):
    return json.loads(subprocess.run(program("places.ts", *paths), check=True, capture_output=True, text=True).stdout)


def whole(affine):
    return np.vstack([np.array(affine, float), [0, 0, 0, 1]]) if len(affine) == 3 else np.array(affine, float)


with tempfile.TemporaryDirectory() as folder:
    oblique = turned(17, -31, 8)
    permuted = np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]], float)
    series = {
        "axial": (np.eye(3), (0.7, 0.9, 2.5), {}),
        "oblique": (oblique, (0.7, 0.9, 2.5), {}),
        "strongly oblique": (turned(44, 40, -50), (0.51, 0.51, 3.3), {}),
        "sagittal": (permuted, (1.1, 0.8, 1.5), {}),
        "coronal": (np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float), (1.1, 0.8, 1.5), {}),
        "flipped": (np.diag([-1.0, -1.0, 1.0]), (0.7, 0.9, 2.5), {}),
        "two slices missing": (oblique, (0.7, 0.9, 2.5), {"missing": (1, 4)}),
        "numbered from above": (oblique, (0.7, 0.9, 2.5), {"order": -1}),
        "mirrored rows": (np.diag([-1.0, 1.0, -1.0]), (0.7, 0.9, 2.5), {}),
        "tilted": (np.eye(3), (0.7, 0.9, 2.5), {"step": np.array([0, 2.5 * np.sin(np.radians(12)), 2.5 * np.cos(np.radians(12))])}),
    }
    truth = {name: write_series(f"{folder}/{name}", axes, spacing, **more) for name, (axes, spacing, more) in series.items()}
    for one in ours(*[f"{folder}/{name}" for name in series]):
        name = os.path.basename(one["path"])
        if one["refused"] or len(one["volumes"]) != 1:
            problems.append(name)
            print(f"{name}: {one['refused']}")
            continue
        volume = one["volumes"][0]
        mine = corners(whole(volume["affine"]), volume["shape"])
        # Slices may be counted from the other end: all corners are the same.
        check(f"{name}, positions of the files", apart(mine, corners(truth[name], SHAPE)))
        check(f"{name}, map", map_apart(f"{folder}/{name}"))
        if name in ("tilted", "two slices missing"):
            continue
        out = f"{folder}/nifti of {name}"
        os.makedirs(out)
        subprocess.run(["dcm2niix", "-z", "n", "-o", out, f"{folder}/{name}"], check=True, capture_output=True)
        [path] = glob.glob(f"{out}/*.nii")
        image = nibabel.load(path)
        check(f"{name}, dcm2niix", apart(mine, corners(image.affine, image.shape)))
        [again] = ours(path)
        direct = whole(again["volumes"][0]["affine"])
        check(f"{name}, its NIfTI by nibabel", np.abs(corners(direct, image.shape) - corners(image.affine, image.shape)).max())

    affine = FLIP @ np.vstack([np.column_stack([oblique @ np.diag([0.7, 0.9, 2.5]), [-3, 5, 7]]), [0, 0, 0, 1]])
    files = {}
    for kind in (nibabel.Nifti1Image, nibabel.Nifti2Image):
        for name, (sform, qform, more) in {
            "both": (affine, affine, None),
            "sform alone": (affine, None, None),
            "qform alone": (None, affine, None),
            "qform, left-handed": (None, affine @ np.diag([-1, 1, 1, 1]), None),
            "qform, flipped slices": (None, affine @ np.diag([1, 1, -1, 1]), None),
            "sform, sheared": (affine + np.array([[0, 0.2, 0, 0]] + [[0] * 4] * 3), None, None),
            "neither": (None, None, None),
        }.items():
            image = kind(np.zeros(SHAPE, np.int16), None)
            image.header.set_zooms((0.7, 0.9, 2.5))
            image.set_sform(sform, 0 if sform is None else 1)
            image.set_qform(qform, 0 if qform is None else 1)
            path = f"{folder}/{kind.__name__} {name}.nii"
            nibabel.save(image, path)
            files[path] = nibabel.load(path)
    for one in ours(*files):
        image = files[one["path"]]
        direct = whole(one["volumes"][0]["affine"])
        check(os.path.basename(one["path"]), np.abs(corners(direct, SHAPE) - corners(image.affine, SHAPE)).max())

print(f"{len(problems)} problems")
sys.exit(1 if problems else 0)
