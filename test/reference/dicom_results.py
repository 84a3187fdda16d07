"""Holds the DICOM results of `predict --write` against dciodvfy, pydicom and highdicom.

    apt-get install dicom3tools
    python -m venv V && V/bin/pip install pydicom highdicom nibabel numpy
    V/bin/python test/reference/dicom_results.py

Phantom series, one file a slice and as one enhanced object each, X-rays, and their results are written to a temporary folder. Each object must have no error by dciodvfy, read back equal to the map
that it was made of, lie where the series lies, and refer to objects that are there. Exit code 1 where one does not.
"""
import glob
import os
import subprocess
import sys
import tempfile
import warnings

import highdicom as hd
import nibabel
import numpy as np
import pydicom

warnings.simplefilter("ignore")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEVEL = 0.5
FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])
problems = []


def check(what, good):
    if not good:
        problems.append(what)
        print(f"  differs: {what}")


def validated(path):
    out = subprocess.run(["dciodvfy", path], capture_output=True, text=True)
    errors = [line for line in (out.stdout + out.stderr).splitlines() if line.startswith("Error")]
    check(f"{os.path.basename(path)}: {errors}", not errors)


def affine_of(image):
    """From (column, row, slice) to the left, back and head, as the frames say it, lowest frame first."""
    shared = image.SharedFunctionalGroupsSequence[0]
    orientation = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    rows, columns = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    places = [np.array(g.PlanePositionSequence[0].ImagePositionPatient, float) for g in image.PerFrameFunctionalGroupsSequence]
    out = np.eye(4)
    out[:3, 0], out[:3, 1], out[:3, 3] = orientation[:3] * columns, orientation[3:] * rows, places[0]
    if len(places) > 1:
        out[:3, 2] = (places[-1] - places[0]) / (len(places) - 1)
    return out


def on_slices(image, positions, shape):
    """Frames at the slices of the volume that they lie on, and which of these have one."""
    out, seen = np.zeros(shape), set()
    frames = image.pixel_array.reshape(-1, *shape[1:])
    for frame, group in zip(frames, image.PerFrameFunctionalGroupsSequence):
        place = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
        k = int(np.argmin(np.linalg.norm(positions - place, axis=1)))
        check("a frame lies on no slice", np.linalg.norm(positions[k] - place) < 1e-4)
        out[k] = frame
        seen.add(k)
    return out, seen


def references(data_set):
    found = set()
    for element in data_set.iterall():
        if element.keyword == "ReferencedSOPInstanceUID":
            found.add(element.value)
    return found


def items_of(container):
    for item in container.get("ContentSequence", []):
        yield item
        yield from items_of(item)


def place_of(source, item):
    """Where the picture lies that an item points to: that of the frame, where the object has several."""
    if "PerFrameFunctionalGroupsSequence" not in source:
        check("a frame of what has one", "ReferencedFrameNumber" not in item)
        return np.array(source.ImagePositionPatient, float)
    group = source.PerFrameFunctionalGroupsSequence[int(item.ReferencedFrameNumber) - 1]
    return np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)


def one_volume(stem, truth_path, known):
    truth_file = nibabel.load(truth_path)
    truth = np.asarray(truth_file.dataobj, np.float32).transpose(2, 1, 0)
    affine = FLIP @ truth_file.affine
    positions = np.array([(affine @ [0, 0, k, 1])[:3] for k in range(len(truth))])
    for kind in ("pm", "seg", "fractions", "sc", "sr"):
        validated(f"{stem}.{kind}.dcm")
    objects = {kind: pydicom.dcmread(f"{stem}.{kind}.dcm") for kind in ("pm", "seg", "fractions", "sc", "sr")}
    written = {one.SOPInstanceUID for one in objects.values()}
    check("UIDs are not new", len(written) == 5 and not written & set(known))
    for kind, one in objects.items():
        found = references(one)
        source = known[next(iter(found & set(known)))]
        check(f"{kind} refers to what is not there", found <= set(known) | written)
        for key in ("StudyInstanceUID", "PatientID", "PatientName", "StudyDate"):
            check(f"{kind}: {key}", one[key].value == source[key].value)
        check(f"{kind}: series", one.SeriesInstanceUID != source.SeriesInstanceUID)
        check(f"{kind}: research", "research use" in one.SeriesDescription and one.Manufacturer == "fusionclip" and one.SoftwareVersions)
        if kind in ("pm", "seg", "fractions"):
            check(f"{kind}: frame of reference", one.FrameOfReferenceUID == source.FrameOfReferenceUID)
            for group in one.PerFrameFunctionalGroupsSequence:
                item = group.DerivationImageSequence[0].SourceImageSequence[0]
                place = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
                check(f"{kind}: source of a frame", np.allclose(place_of(known[item.ReferencedSOPInstanceUID], item), place, atol=1e-4))
            check(f"{kind}: series of the source", one.ReferencedSeriesSequence[0].SeriesInstanceUID == source.SeriesInstanceUID)

    pm = objects["pm"]
    check("pm: values", np.array_equal(pm.pixel_array, truth))
    check("pm: affine", np.allclose(affine_of(pm), affine, atol=1e-4))
    volume = hd.imread(f"{stem}.pm.dcm").get_volume(apply_real_world_transform=True)
    check("pm: values by highdicom", sorted(volume.array.ravel()) == sorted(truth.ravel().astype(float)))

    mask = np.asarray(nibabel.load(f"{stem}_mask.nii.gz").dataobj).transpose(2, 1, 0)
    check("mask", np.array_equal(mask, truth >= LEVEL))
    seg, seen = on_slices(hd.seg.segread(f"{stem}.seg.dcm"), positions, truth.shape)
    check("seg: values", np.array_equal(seg, truth >= LEVEL))
    wanted = {k for k in range(len(truth)) if mask[k].any()}
    check("seg: frames", seen == wanted or (not wanted and len(seen) == 1))
    fractions, _ = on_slices(hd.seg.segread(f"{stem}.fractions.dcm"), positions, truth.shape)
    check("fractions: one half", np.array_equal(fractions / 255 >= 0.5, truth >= LEVEL))
    order = np.argsort(truth.ravel())
    check("fractions: rise with the map", (np.diff(fractions.ravel()[order]) >= 0).all())

    content = hd.sr.srread(f"{stem}.sr.dcm").content
    measured = {m.name.value: m.value for g in content.get_image_measurement_groups() for m in g.get_measurements()}
    check("sr: score and thresholds", measured["ANOMALY"] == 1.25 and measured["SCORE_THRESHOLD"] == 0.75 and measured["MAP_THRESHOLD"] == LEVEL)
    findings = content.get_volumetric_roi_measurement_groups()
    check("sr: findings", len(findings) == (1 if wanted else 0))
    for group in findings:
        check("sr: volume", group.get_measurements()[0].value == 3.5 and group.get_measurements()[0].unit.value == "mL")
        check("sr: tracking", group.tracking_uid == objects["seg"].SegmentSequence[0].TrackingUID)
    sc = objects["sc"]
    check("sc: picture", sc.pixel_array.shape[1:] == (truth.shape[2], 3) and sc.pixel_array.std() > 0)
    best = int(np.unravel_index(np.argmax(truth), truth.shape)[0])
    shown = sc.SourceImageSequence[0]
    check("sc: slice", np.allclose(place_of(known[shown.ReferencedSOPInstanceUID], shown), positions[best], atol=1e-4))
    [measured] = [item for item in items_of(objects["sr"]) if item.ConceptNameCodeSequence[0].CodeValue == "121112"]
    item = measured.ReferencedSOPSequence[0]
    check("sr: slice", np.allclose(place_of(known[item.ReferencedSOPInstanceUID], item), positions[best], atol=1e-4))
    print(f"{os.path.basename(stem)}: {len(truth)} slices, {len(wanted)} with a finding")


def one_image(stem, truth_path, known):
    """Results of an X-ray: no place, and a frame of reference where the image has one."""
    truth = np.asarray(nibabel.load(truth_path).dataobj, np.float32).transpose(2, 1, 0)[0]
    kinds = ("seg", "fractions", "sc", "sr")
    for kind in kinds:
        validated(f"{stem}.{kind}.dcm")
    objects = {kind: pydicom.dcmread(f"{stem}.{kind}.dcm") for kind in kinds}
    written = {one.SOPInstanceUID for one in objects.values()}
    for kind, one in objects.items():
        found = references(one)
        sources = found & set(known)
        check(f"{kind} refers to its image alone", len(sources) == 1 and found <= sources | written)
        source = known[sources.pop()]
        for key in ("StudyInstanceUID", "PatientID", "PatientName", "StudyDate"):
            check(f"{kind}: {key}", one[key].value == source[key].value)
        check(f"{kind}: a place", not [e for e in one.iterall() if e.keyword in ("ImagePositionPatient", "ImageOrientationPatient")])
        wanted = source.get("FrameOfReferenceUID", "") if kind in ("seg", "fractions") else ""
        check(f"{kind}: frame of reference", one.get("FrameOfReferenceUID", "") == wanted)
    seg = hd.seg.segread(f"{stem}.seg.dcm")
    check("seg: values", np.array_equal(seg.pixel_array.reshape(truth.shape), truth >= LEVEL))
    fractions = pydicom.dcmread(f"{stem}.fractions.dcm").pixel_array.reshape(truth.shape)
    check("fractions: one half", np.array_equal(fractions / 255 >= 0.5, truth >= LEVEL))
    content = hd.sr.srread(f"{stem}.sr.dcm").content
    measured = {m.name.value: m.value for g in content.get_image_measurement_groups() for m in g.get_measurements()}
    check("sr: score and thresholds", measured["ANOMALY"] == 1.25 and measured["SCORE_THRESHOLD"] == 0.75 and measured["MAP_THRESHOLD"] == LEVEL)
    findings = content.get_planar_roi_measurement_groups()
    marked = int((truth >= LEVEL).sum())
    check("sr: findings", len(findings) == (1 if marked else 0))
    for group in findings:
        check("sr: pixels", group.get_measurements()[0].value == marked)
        check("sr: tracking", group.tracking_uid == objects["seg"].SegmentSequence[0].TrackingUID)
    check("sc: picture", objects["sc"].pixel_array.shape[1:] == (truth.shape[1], 3))
    print(f"{os.path.basename(stem)}: an image, {marked} pixels marked")


with tempfile.TemporaryDirectory() as folder:
    deno = os.path.join(ROOT, "node_modules/deno/bin.cjs")
    script = os.path.join(ROOT, "test/reference/dicom_results.ts")
    subprocess.run(["node", deno, "run", "-A", "--no-lock", "--no-check", "--quiet", script, folder], check=True)
    count = 0
    for results in sorted(glob.glob(f"{folder}/results-*")):
        sources = [p for p in glob.glob(f"{folder}/**/IM*.dcm", recursive=True)]
        known = {ds.SOPInstanceUID: ds for ds in (pydicom.dcmread(p, stop_before_pixels=True) for p in sources)}
        for truth in sorted(glob.glob(f"{results}/truth/*.nii.gz")):
            stem = f"{results}/volumes/{os.path.basename(truth)[:-7]}"
            flat = results.endswith("xrays")
            (one_image if flat else one_volume)(stem, truth, known)
            count += 4 if flat else 5
print(f"{count} objects, {len(problems)} problems")
sys.exit(1 if problems or count == 0 else 0)
