"""The products and forward passes of bench/device/whole.ts in PyTorch on the same device: `python3 torch_peer.py FILE [--reduced]`.

Full f32 arithmetic, as in WGSL: no TF32. Weights in f16 are computed in f16, which PyTorch's kernels do by themselves.
"""

import json
import sys
import time

import torch

OUT, REDUCED = sys.argv[1], "--reduced" in sys.argv
PRODUCTS = [(70, 64, 96)] if REDUCED else [(290, 1024, 1024), (2320, 1024, 4096), (2320, 4096, 1024), (4096, 4096, 4096)]
# As whole.ts; of a reduced run only the products are the same.
LAYERS, WIDTH, HEADS, TOKENS, IMAGES = (2, 64, 2, 17, 2) if REDUCED else (24, 1024, 16, 290, 8)
NAME = "forward of T, 56 px × 2" if REDUCED else "forward of ViT-L-14, 240 px × 8"

torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
if torch.cuda.is_available():
    device, wait, name = "cuda", torch.cuda.synchronize, torch.cuda.get_device_name()
elif getattr(torch, "xpu", None) and torch.xpu.is_available():
    device, wait, name = "xpu", torch.xpu.synchronize, torch.xpu.get_device_name()
elif torch.backends.mps.is_available():
    device, wait, name = "mps", torch.mps.synchronize, "mps"
else:
    device, wait, name = "cpu", lambda: None, "cpu"


def shortest(work):
    """Milliseconds of the shortest of some repetitions, each long enough for the clock."""
    for _ in range(2):
        work()
    wait()
    begin = time.perf_counter()
    work()
    wait()
    repeats = max(1, min(50, int(0.05 / (time.perf_counter() - begin))))
    best = float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(repeats):
            work()
        wait()
        best = min(best, (time.perf_counter() - begin) / repeats)
    return 1e3 * best


times = []
with torch.inference_mode():
    for storage, dtype in (("f32", torch.float32), ("f16", torch.float16)):
        for m, k, n in PRODUCTS:
            a = torch.randn(m, k, device=device, dtype=dtype)
            b = torch.randn(n, k, device=device, dtype=dtype)
            times.append({"name": f"product {m}×{k}×{n}", "storage": storage, "ms": shortest(lambda: a @ b.T)})
        layer = torch.nn.TransformerEncoderLayer(
            WIDTH, HEADS, 4 * WIDTH, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        tower = torch.nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False).to(device, dtype).eval()
        x = torch.randn(IMAGES, TOKENS, WIDTH, device=device, dtype=dtype)
        times.append({"name": NAME, "storage": storage, "ms": shortest(lambda: tower(x))})

with open(OUT, "w", encoding="utf8") as file:
    json.dump({"version": torch.__version__, "device": name, "times": times}, file)
for one in times:
    print(f"{one['name']} {one['storage']}: {one['ms']:.2f} ms")
