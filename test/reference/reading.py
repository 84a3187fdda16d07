"""How fast series are read, beside the disk and pylibjpeg, and how much memory 20 studies take, in one run:

    python -m venv V && V/bin/pip install pydicom pylibjpeg pylibjpeg-openjpeg numpy
    V/bin/python test/reference/reading.py [FOLDER]

300 slices of 512 x 512 of 16 bits are written below FOLDER (or a temporary folder). Nine times in turn they are read past the cache of the
system (O_DIRECT), which is the most that the disk gives; file by file through the cache, as `cat` reads them; their bytes alone by the same
program as below, and by this project's readers as modality values, each after the system was told to forget the files; and both again from its
cache. The best of each counts, since other programs use the
machine too. Then 60 slices of JPEG 2000 by both; and 20 studies of 30 slices one after the other.
"""
import glob
import json
import mmap
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import pydicom
from made_slices import new_series, plain_slice, program
from pydicom.pixels import pixel_array
from pydicom.uid import JPEG2000Lossless

SIDE = 512


def write_series(folder, slices, compress=False):
    os.makedirs(folder)
    series = new_series()
    y, x = np.mgrid[:SIDE, :SIDE]
    random = np.random.default_rng(1)
    for k in range(slices):
        picture = 1000 + 400 * np.sin((x + 3 * k) / 40) * np.cos(y / 55) + random.normal(0, 12, (SIDE, SIDE))
        one = plain_slice(series, folder, picture)
        one.ImageOrientationPatient, one.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, k]
        one.PixelSpacing, one.RescaleIntercept, one.RescaleSlope = [0.5, 0.5], -1024, 1
        if compress:
            one.compress(JPEG2000Lossless)
        one.save_as(os.path.join(folder, f"{k:04}.dcm"), enforce_file_format=True)


def past_the_cache(paths):
    buffer = mmap.mmap(-1, 1 << 20)
    total, start = 0, time.perf_counter()
    for path in paths:
        file = os.open(path, os.O_RDONLY | os.O_DIRECT)
        while (count := os.readv(file, [buffer])) > 0:
            total += count
        os.close(file)
    return total / (time.perf_counter() - start) / 1e6


def as_cat(paths):
    buffer = bytearray(1 << 17)
    total, start = 0, time.perf_counter()
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            while count := file.readinto(buffer):
                total += count
    return total / (time.perf_counter() - start) / 1e6


def forget(paths):
    for path in paths:
        file = os.open(path, os.O_RDONLY)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


def command(*words):
    return program("reading.ts", *words, flags=["--v8-flags=--expose-gc"])


def ours(*folders):
    return json.loads(subprocess.run(command(*folders), check=True, capture_output=True, text=True).stdout)


def in_turn(folder, paths, rounds=9):
    """Megabytes a second: the disk; the same through the cache; bytes alone and slices from it; the same from the cache; and the processor's seconds of these two."""
    size = sum(os.path.getsize(path) for path in paths) / 1e6
    best = [0.0] * 6
    used = [float("inf")] * 2
    with subprocess.Popen(command("--rounds", folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        reader.stdout.readline()

        def tell(what):
            reader.stdin.write(what + "\n")
            reader.stdin.flush()
            return json.loads(reader.stdout.readline())

        for _ in range(rounds):
            forget(paths)
            disk = past_the_cache(paths)
            forget(paths)
            cat = as_cat(paths)
            forget(paths)
            cold_files, _ = tell("files")
            forget(paths)
            cold, _ = tell("slices")
            plain, files = tell("files")
            cached, slices = tell("slices")
            rates = [disk, cat, *(1000 * size / one for one in (cold_files, cold, plain, cached))]
            best = [max(pair) for pair in zip(best, rates)]
            used = [min(pair) for pair in zip(used, (files / 1000, slices / 1000))]
        reader.stdin.close()
    return best, used


with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
    write_series(f"{folder}/plain", 300)
    paths = sorted(glob.glob(f"{folder}/plain/*"))
    size = sum(os.path.getsize(path) for path in paths) / 1e6
    os.sync()
    (disk, cat, cold_files, cold, plain, cached), (files, slices) = in_turn(f"{folder}/plain", paths)
    print(f"uncompressed, 300 slices, {size:.0f} MB: from the disk {cold:.0f} MB/s, the disk past the cache {disk:.0f} MB/s: {cold / disk:.2f} of it")
    print(f"  through the cache, file by file as cat reads them, {cat:.0f} MB/s: {cold / cat:.2f} of it")
    print(f"  the files' bytes alone, one after the other, from the disk {cold_files:.0f} MB/s: {cold / cold_files:.2f} of it")
    print(f"  from the cache {cached:.0f} MB/s, the bytes alone {plain:.0f} MB/s")
    print(f"  seconds of the processors: {slices:.2f}, the bytes alone {files:.2f}")
    write_series(f"{folder}/packed", 60, compress=True)
    [packed] = ours(f"{folder}/packed")
    start = time.perf_counter()
    for path in sorted(glob.glob(f"{folder}/packed/*")):
        pixel_array(pydicom.dcmread(path), decoding_plugin="pylibjpeg").astype(np.float64)
    theirs = time.perf_counter() - start
    print(f"JPEG 2000, 60 slices: {60 / packed['seconds']:.1f} a second, pylibjpeg {60 / theirs:.1f}: {theirs / packed['seconds']:.2f} of it")
    for i in range(20):
        write_series(f"{folder}/study {i:02}", 30)
    memory = [one["megabytes"] for one in ours(*sorted(glob.glob(f"{folder}/study *")))]
    print("memory after each of 20 studies, MB:", " ".join(f"{one:.0f}" for one in memory))
