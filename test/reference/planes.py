"""Holds `--plane` and the mean of three planes against NumPy and nibabel.

    python -m venv V && V/bin/pip install numpy nibabel
    V/bin/python test/reference/planes.py

Exit code 1 where a slice is another one, or a mean differs by more than 1e-5.
"""
import json
import os
import subprocess
import sys
import tempfile

import nibabel
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The letters of the sides that an axis through slices of a plane runs between.
ALONG = {"axial": "SI", "coronal": "AP", "sagittal": "LR"}
bad = 0
compared = 0


def compare(what, good):
    global bad, compared
    compared += 1
    if not good:
        bad += 1
        print(f"  differs: {what}")


with tempfile.TemporaryDirectory() as out:
    deno = os.path.join(ROOT, "node_modules/deno/bin.cjs")
    script = os.path.join(ROOT, "test/reference/planes.ts")
    subprocess.run(["node", deno, "run", "-A", "--no-lock", "--no-check", "--quiet", script, out], check=True)
    for case in json.load(open(os.path.join(out, "cases.json"))):
        file = nibabel.load(os.path.join(out, case["name"]))
        values = np.asarray(file.dataobj)
        codes = nibabel.aff2axcodes(file.affine)
        for plane, slices in case["planes"].items():
            axis = 2 if plane == "auto" else next(i for i, code in enumerate(codes) if code in ALONG[plane])
            # Columns run along the first of the other axes, rows along the second.
            wanted = np.moveaxis(values, axis, 0).transpose(0, 2, 1)
            compare(f"{case['name']} {plane}", np.array_equal(np.array(slices).reshape(wanted.shape), wanted))
        zooms = np.linalg.norm(file.affine[:3, :3], axis=0)
        grids = []
        for stack in case["stacks"]:
            order = stack["order"]
            width, height, depth = (case["shape"][i] for i in order)
            maps = np.array(stack["maps"]).reshape(depth, height, width)
            apart = (np.arange(depth)[:, None] - np.arange(depth)[None]) * zooms[order[2]]
            weights = np.exp(-0.5 * (apart / case["smooth"]) ** 2) * (np.abs(apart) <= 3 * case["smooth"])
            smooth = np.tensordot(weights / weights.sum(1, keepdims=True), maps, 1)
            # (slice, row, column) are the axes order[2], order[1], order[0] of the volume.
            grids.append(np.transpose(smooth, np.argsort([order[2], order[1], order[0]])))
        mean = np.mean(grids, axis=0).transpose(2, 1, 0)
        own = np.array(case["averaged"]).reshape(mean.shape)
        compare(f"{case['name']} mean of three planes, {np.abs(own - mean).max()}", np.abs(own - mean).max() < 1e-5)
print(f"{compared} compared, {bad} differ")
sys.exit(1 if bad else 0)
