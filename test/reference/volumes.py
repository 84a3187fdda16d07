"""Holds the metrics of volumes against scipy and scikit-learn.

    python -m venv V && V/bin/pip install numpy scipy scikit-learn
    V/bin/python test/reference/volumes.py

Made volumes are evaluated by both; exit code 1 where a number differs by more than 1e-9.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from scipy import ndimage
from sklearn.metrics import average_precision_score, roc_auc_score

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOUCH = np.ones((3, 3, 3))
LEVEL = 0.5
bad = 0
compared = 0


def compare(what, own, other):
    global bad, compared
    compared += 1
    own = float("nan") if own is None else own
    same = (np.isnan(own) and np.isnan(other)) or abs(own - other) <= 1e-9
    if not same:
        bad += 1
        print(f"{what}: {own} here, {other} there")


def aupro(scores, labels, shares, limit=0.3):
    """Mean covered share of the lesions against false positives, by all distinct scores, trapezoids, cut at the limit."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.nonzero(np.diff(scores[order]))[0], len(order) - 1)
    fpr = np.append(0, (np.cumsum(labels[order] == 0) / (labels == 0).sum())[ends])
    pro = np.append(0, np.cumsum(shares[order])[ends] / shares.sum())
    grid = np.append(fpr[fpr <= limit], limit)
    values = np.append(pro[fpr <= limit], np.interp(limit, fpr, pro))
    return np.trapezoid(values, grid) / limit


with tempfile.TemporaryDirectory() as out:
    script = os.path.join(ROOT, "test/reference/volumes.ts")
    subprocess.run(["npx", "deno", "run", "-A", "--no-lock", "--no-check", "--quiet", script, out], check=True, cwd=ROOT)
    result = json.load(open(os.path.join(out, "result.json")))
    shape = (result["depth"], result["height"], result["width"])
    scores, labels, shares, findings, volumes = [], [], [], [], []
    lesions = 0
    for row in result["byVolume"]:
        path = os.path.join(out, row["name"])
        value = np.fromfile(path + ".map.bin", "<f4").reshape(shape).astype(float)
        mask = np.fromfile(path + ".mask.bin", "u1").reshape(shape)
        own, count = ndimage.label(mask, TOUCH)
        sizes = np.bincount(own.ravel())
        share = np.where(own > 0, 1 / sizes[own], 0)
        predicted = value >= LEVEL
        regions, number = ndimage.label(predicted, TOUCH)
        hits = set()
        alarms = 0
        for region in range(1, number + 1):
            inside = np.where(regions == region, value, -1)
            peak = np.unravel_index(np.argmax(inside), shape)
            lesion = own[peak]
            findings.append((inside.max(), None if lesion == 0 else lesions + lesion))
            if lesion:
                hits.add(lesion)
            else:
                alarms += 1
        compare(row["name"] + " lesions", row["lesions"], count)
        compare(row["name"] + " found", row["found"], len(hits))
        compare(row["name"] + " false positives", row["falsePositives"], alarms)
        compare(row["name"] + " millilitres", row["millilitres"], predicted.sum() * 0.002)
        total = mask.sum() + predicted.sum()
        compare(row["name"] + " Dice", row["dice"], 2 * (mask * predicted).sum() / total if total else 1)
        if count:
            compare(row["name"] + " AP", row["averagePrecision"], average_precision_score(mask.ravel(), value.ravel()))
            compare(row["name"] + " AUPRO", row["aupro"], aupro(value.ravel(), mask.ravel(), share.ravel()))
        top = np.sort(value.max(axis=(1, 2)))[::-1][: max(1, int(np.ceil(0.2 * shape[0])))].mean()
        compare(row["name"] + " score", row["score"], top)
        volumes.append((row["patient"], bool(mask.any()), top))
        scores.append(value.ravel())
        labels.append(mask.ravel())
        shares.append(share.ravel())
        lesions += count
    scores, labels, shares = map(np.concatenate, (scores, labels, shares))
    voxels = result["voxels"]
    compare("voxel AUROC", voxels["auroc"], roc_auc_score(labels, scores))
    compare("voxel AP", voxels["averagePrecision"], average_precision_score(labels, scores))
    compare("voxel AUPRO", voxels["aupro"], aupro(scores, labels, shares))
    compare("AUROC of volumes", result["volumes"]["auroc"], roc_auc_score(*zip(*[v[1:] for v in volumes])))
    compare("AP of volumes", result["volumes"]["averagePrecision"], average_precision_score(*zip(*[v[1:] for v in volumes])))
    people = sorted({v[0] for v in volumes})
    truth = [any(v[1] for v in volumes if v[0] == p) for p in people]
    highest = [max(v[2] for v in volumes if v[0] == p) for p in people]
    compare("AUROC of patients", result["patients"]["auroc"], roc_auc_score(truth, highest))
    for at in result["froc"]["at"]:
        # The most lesions that any threshold finds within so many false positives.
        best = 0
        for level in sorted({f[0] for f in findings}):
            kept = [f for f in findings if f[0] >= level]
            if sum(f[1] is None for f in kept) <= at["falsePositives"] * len(volumes):
                best = max(best, len({f[1] for f in kept} - {None}))
        compare(f"FROC at {at['falsePositives']}", at["sensitivity"], best / lesions)
    told = ", ".join(f"{at['sensitivity']:.3f} at {at['falsePositives']}" for at in result["froc"]["at"])
    print(f"{lesions} lesions in {len(volumes)} volumes, {len(findings)} findings; found {told}")
print(f"{compared} numbers compared, {bad} differ")
sys.exit(1 if bad else 0)
