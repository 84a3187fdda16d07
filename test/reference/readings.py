"""Readings of FusionCLIP-AD that the golden results leave out, for readings.json beside this file.

    python3 test/reference/readings.py [--oracle DIR]     writes the file (numpy, regex and torch)

On top of the reference programs in DIR (../shared/oracle of a checkout): model T at 56 px, seed 1, blocks 1 and 3. Every
row names the flags that differ from the base and the numbers that follow from them in float64: the parts of the first
loss, length and projection of every gradient, the losses of two Adam steps, and maps and scores of the untrained
model. `spread` is the largest change by float32 or by weights jittered in their last place.
"""
import json
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ORACLE = sys.argv[sys.argv.index("--oracle") + 1] if "--oracle" in sys.argv else os.path.join(HERE, "../../../shared/oracle")
sys.path.insert(0, ORACLE)

import numpy as np
import torch
import torch.nn.functional as F

import clip as C
import preprocess as P
import rule
import tokenizer as TK
from clip import TINY, l2n
from fusion import bank_distance, ensemble_text, grid_of, minmax, upsample

torch.set_num_threads(1)
SEED, SIZE = 1, 56
CLASSES = ("normal", "abnormal")
BASE = {
    "layers": "1,3", "branches": "gal,loc", "tokens": "raw", "residual": "none", "branch.weights": "1,1",
    "adapter.bias": "false", "adapter.act": "relu", "heads": "shared", "prompt.nctx": "4", "prompt.init": "uniform",
    "prompt.pos": "object", "prompt.share": "class", "prompt.templates": "one", "prompt.object": "Brain", "temperature": "100",
    "loss.det": "prob", "loss.region": "all", "loss.alpha": "1,1", "loss.detOnSeg": "false", "loss.focal.gamma": "2",
    "loss.focal.alpha": "none", "loss.focal.smooth": "1e-5", "loss.dice.smooth": "1", "map.order": "upsample", "map.blur": "0",
    "memory.features": "raw", "memory.cls": "false", "fuse": "april", "score.image": "auto", "score.cls": "none",
}
TRAINED = [
    ("pixel", {}),
    ("image", {}),
    ("pixel", {"tokens": "ln_post"}),
    ("pixel", {"residual": "mvfa"}),
    ("image", {"residual": "mvfa", "adapter.act": "leaky_relu"}),
    ("pixel", {"adapter.bias": "true"}),
    ("image", {"adapter.act": "leaky_relu"}),
    ("image", {"adapter.act": "none"}),
    ("pixel", {"loss.detOnSeg": "true"}),
    ("pixel", {"loss.detOnSeg": "true", "heads": "split", "loss.alpha": "0.5,2"}),
    ("image", {"loss.alpha": "0.5,2"}),
    ("image", {"loss.region": "topk:5"}),
    ("image", {"loss.region": "topk:5", "loss.det": "mvfa"}),
    ("image", {"loss.region": "topk:5", "loss.det": "margin", "temperature": "10"}),
    ("image", {"temperature": "20"}),
    ("pixel", {"loss.focal.gamma": "1"}),
    ("pixel", {"loss.focal.alpha": "0.8"}),
    ("pixel", {"loss.focal.smooth": "0.05"}),
    ("pixel", {"loss.dice.smooth": "50"}),
    ("pixel", {"map.order": "softmax"}),
    ("image", {"prompt.nctx": "2"}),
    ("image", {"prompt.init": "normal"}),
    ("image", {"prompt.init": "words:a medical scan"}),
    ("image", {"prompt.pos": "start"}),
    ("image", {"prompt.share": "branch"}),
    ("image", {"prompt.share": "sentence"}),
    ("image", {"prompt.object": "retinal OCT"}),
    ("image", {"prompt.templates": "sample:2"}),
    ("image", {"prompt.templates": "winclip", "layers": "3", "branches": "loc"}),
    ("image", {"prompt.templates": "all", "layers": "3", "branches": "loc", "prompt.nctx": "1"}),
]
SCORED = [
    ("pixel", {"branch.weights": "0.5,2"}),
    ("pixel", {"map.blur": "1.5"}),
    ("pixel", {"memory.features": "adapted"}),
    ("pixel", {"memory.features": "adapted", "memory.cls": "true"}),
    ("pixel", {"fuse": "mean"}),
    ("pixel", {"fuse": "mvfa"}),
    ("pixel", {"fuse": "calib"}),
    ("image", {"fuse": "calib"}),
    ("pixel", {"score.image": "mean"}),
    ("image", {"score.image": "max"}),
    ("pixel", {"score.image": "topk:100"}),
    ("pixel", {"score.cls": "add"}),
    ("pixel", {"score.cls": "equal"}),
    ("pixel", {"score.cls": "equal", "fuse": "mean", "branch.weights": "0.5,2"}),
    ("pixel", {"score.cls": "equal", "fuse": "calib"}),
    ("pixel", {"score.cls": "april"}),
]


def pictures(kind_of_picture):
    """[count, 3, S, S], [count, S, S], [count]: two normal and two abnormal support pictures, or three of the test."""
    names = {"support": [("support.normal.0", 0), ("support.normal.1", 0), ("support.abnormal.0", 1), ("support.abnormal.1", 2)],
             "test": [("test.0", 0), ("test.3", 2), ("test.4", 1)]}[kind_of_picture]
    images, masks = [], []
    for name, lesions in names:
        image, mask = rule.synth_image(name, SEED, 64, 64, 3, lesions)
        images.append(P.preprocess(image, "winclip", SIZE))
        masks.append(P.preprocess_mask(mask, "winclip", SIZE))
    return np.stack(images), np.stack(masks), np.array([float(lesions > 0) for _, lesions in names])


def gaussian(name, shape):
    """Box-Muller over pairs of the stream, standard deviation 0.02."""
    u = (rule.raw_u32(name, SEED, 0, 2 * int(np.prod(shape))).astype(np.float64) + 0.5) / 2**32
    return (0.02 * np.sqrt(-2 * np.log(u[0::2])) * np.cos(2 * np.pi * u[1::2])).astype(np.float32).reshape(shape)


def templates_of(choice):
    if choice == "one":
        return ["a photo of a {}."]
    if choice == "all":
        return TK.TEMPLATES
    if choice == "winclip":
        return TK.WIN_TEMPLATES
    count, order = int(choice.split(":")[1]), list(range(35))
    stream = rule.raw_u32("prompt.templates", SEED, 0, count)
    for i in range(count):  # the first steps of a shuffle
        j = i + int(stream[i]) * (35 - i) // 2**32
        order[i], order[j] = order[j], order[i]
    return [TK.TEMPLATES[i] for i in sorted(order[:count])]


class Model:
    """Weights and readings of one row in one precision."""

    def __init__(self, kind, given, dtype, jitter, tok):
        s = {**BASE, **given}
        self.s, self.kind, self.dtype, self.tok = s, kind, dtype, tok
        self.layers = [int(l) for l in s["layers"].split(",")]
        self.branches = s["branches"].split(",")
        self.paths = [(b, l) for l in self.layers for b in self.branches]
        p = C.make_params(TINY, SEED, dtype, tables=False)
        if jitter:
            p = {n: t * (1 + torch.from_numpy(rule.uniform("jitter." + n, SEED, t.shape, 0.0, 1.0)).to(dtype) * 2.0**-24)
                 for n, t in p.items()}
        self.p = p
        self.theta = {}
        split = s["heads"] == "split" and kind == "pixel" and s["loss.detOnSeg"] == "true"
        for role in ["", "det."] if split else [""]:
            for b, l in self.paths:
                name, width = f"adapter.{role}{b}.{l}", TINY.v_width * (2 if b == "gal" else 1)
                self.add(f"{name}.weight", rule.param(f"{name}.weight", SEED, (TINY.embed, width)))
                if s["adapter.bias"] == "true":
                    self.add(f"{name}.bias", np.zeros(TINY.embed, np.float32))
        if s["residual"] == "mvfa":
            for b, l in self.paths:
                if l != self.layers[-1]:
                    name = f"adapter.{b}.{l}.return.weight"
                    self.add(name, rule.param(name, SEED, (TINY.v_width, TINY.embed)))
        self.sentences = []
        for group in TK.sentences(s["prompt.object"], templates_of(s["prompt.templates"])):
            ids = [tok.tokenize(x) for x in group]
            at = [tok.split_at_object(x, s["prompt.object"]) if s["prompt.pos"] == "object" else 1 for x in group]
            eot = [r.index(TK.EOT) for r in ids]
            rows = C.token_rows([r[: max(eot) + 1] for r in ids], TINY, SEED, dtype)
            self.sentences.append((rows, at, torch.tensor(eot) + self.n_ctx))
        for b, l in self.paths:
            for y, name in enumerate(CLASSES):
                if s["prompt.share"] == "branch":
                    if y == 0:
                        self.add(f"prompt.{b}.{l}", self.vectors(f"prompt.{b}.{l}", (self.n_ctx, TINY.t_width)))
                    continue
                count = (len(self.sentences[y][1]),) if s["prompt.share"] == "sentence" else ()
                self.add(f"prompt.{b}.{l}.{name}", self.vectors(f"prompt.{b}.{l}.{name}", (*count, self.n_ctx, TINY.t_width)))

    def add(self, name, values):
        self.theta[name] = torch.from_numpy(values).to(self.dtype).requires_grad_(True)

    @property
    def n_ctx(self):
        return int(self.s["prompt.nctx"])

    def vectors(self, name, shape):
        how = self.s["prompt.init"]
        if how == "uniform":
            return rule.param(name, SEED, shape)
        if how == "normal":
            return gaussian(name, shape)
        ids = self.tok.encode(how[len("words:"):])
        rows = C.token_rows([[ids[i % len(ids)] for i in range(self.n_ctx)]], TINY, SEED, torch.float32)[0].numpy()
        return np.broadcast_to(rows, shape).copy()

    def text(self, branch, layer):
        """T [2, E]."""
        out = []
        for (rows, at, eot), name in zip(self.sentences, CLASSES):
            p = self.theta[f"prompt.{branch}.{layer}" + ("" if self.s["prompt.share"] == "branch" else f".{name}")]
            p = p.expand(len(at), self.n_ctx, TINY.t_width)
            seq = torch.stack([torch.cat([r[:j], own, r[j:]]) for r, j, own in zip(rows, at, p)])
            out.append(l2n(l2n(C.encode_text_rows(seq, eot, self.p, TINY)).mean(0)))
        return torch.stack(out)

    def adapt(self, x, branch, layer, role=""):
        """All tokens [B, N + 1, W] -> [B, N + 1, E]."""
        name = f"adapter.{role}{branch}.{layer}"
        x = torch.cat([x[:, :1].expand_as(x), x], -1) if branch == "gal" else x
        z = F.linear(x, self.theta[f"{name}.weight"], self.theta.get(f"{name}.bias"))
        return {"relu": F.relu, "leaky_relu": F.leaky_relu, "none": lambda v: v}[self.s["adapter.act"]](z)

    def encode(self, images):
        """Images [B, 3, S, S] -> ({layer: tokens}, embedding of the untouched backbone)."""
        x = C.layer_norm(C.embed_patches(images, self.p, TINY), self.p, "visual.ln_pre")
        taps = {}
        for l in range(1, TINY.v_layers + 1):
            x = C.block(x, self.p, f"visual.transformer.resblocks.{l - 1}", TINY.v_heads, TINY.act)
            if l not in self.layers:
                continue
            taps[l] = C.layer_norm(x, self.p, "visual.ln_post") if self.s["tokens"] == "ln_post" else x
            if self.s["residual"] == "mvfa" and l != self.layers[-1]:
                back = [F.leaky_relu(F.linear(self.adapt(x, b, l), self.theta[f"adapter.{b}.{l}.return.weight"])) for b in self.branches]
                x = (1 - 0.1 * len(back)) * x + 0.1 * sum(back)
        return taps, C.pool_image(x, self.p)

    def logits(self, taps, role=""):
        t = float(self.s["temperature"])
        return {(b, l): t * l2n(self.adapt(taps[l], b, l, role)[:, 1:]) @ self.text(b, l).T for b, l in self.paths}

    def probability(self, z):
        """[B, N, 2] -> [B, 2, S, S]."""
        up = lambda x: upsample(grid_of(x), SIZE, True, TINY.patch)
        return up(z).softmax(1) if self.s["map.order"] == "upsample" else up(z.softmax(-1))

    def loss(self, images, masks, labels):
        s, parts = self.s, {}
        taps, _ = self.encode(images)
        if self.kind == "pixel":
            smooth, gamma = float(s["loss.focal.smooth"]), float(s["loss.focal.gamma"])
            for (b, l), z in self.logits(taps).items():
                prob = self.probability(z)
                hot = torch.stack([1 - masks, masks], 1).clamp(smooth, 1 - smooth)
                pt = (hot * prob).sum(1) + smooth
                weight = 1.0
                if s["loss.focal.alpha"] != "none":
                    a = float(s["loss.focal.alpha"])
                    weight = a * masks + (1 - a) * (1 - masks)
                parts[f"focal.{b}.{l}"] = (-weight * (1 - pt) ** gamma * pt.log()).mean()
                q, m, d = prob[:, 1].flatten(1), masks.flatten(1), float(s["loss.dice.smooth"])
                parts[f"dice.{b}.{l}"] = 1 - ((2 * (q * m).sum(1) + d) / (q.sum(1) + m.sum(1) + d)).mean()
        if self.kind == "image" or s["loss.detOnSeg"] == "true":
            alpha = dict(zip(("gal", "loc"), (float(a) for a in s["loss.alpha"].split(","))))
            role = "det." if any(n.startswith("adapter.det.") for n in self.theta) else ""
            for (b, l), z in self.logits(taps, role).items():
                prob, margin = z.softmax(-1), z[..., 1] - z[..., 0]
                if s["loss.region"] != "all":
                    top = margin.topk(int(s["loss.region"].split(":")[1]), dim=1).indices
                    prob, margin = torch.gather(prob, 1, top[..., None].expand(-1, -1, 2)), torch.gather(margin, 1, top)
                normal, abnormal = prob.mean(1).unbind(-1)
                value = {"prob": -(labels * abnormal.log() + (1 - labels) * normal.log()).mean(),
                         "mvfa": F.binary_cross_entropy_with_logits(abnormal, labels),
                         "margin": F.binary_cross_entropy_with_logits(margin.mean(1), labels)}[s["loss.det"]]
                parts[f"bce.{b}.{l}"] = alpha[b] * value
        return sum(parts.values()), parts

    def rows(self, taps, with_cls):
        """Tokens by key [B, rows, D]."""
        keep = slice(0 if with_cls else 1, None)
        if self.s["memory.features"] == "raw":
            return {l: taps[l][:, keep] for l in self.layers}
        return {(b, l): self.adapt(taps[l], b, l)[:, keep] for b, l in self.paths}

    def branches_of(self, images, normals):
        """Z and S as maps and as means over the patches, and P(abnormal) of the class token."""
        s = self.s
        taps, embedding = self.encode(images)
        known, _ = self.encode(normals)
        weight = dict(zip(("gal", "loc"), (float(w) for w in s["branch.weights"].split(","))))
        z = {path: (weight[path[0]], v) for path, v in self.logits(taps).items()}
        zero_map = sum(w * self.probability(v)[:, 1] for w, v in z.values())
        zero_mean = sum(w * v.softmax(-1)[..., 1].mean(1) for w, v in z.values())
        bank = self.rows(known, s["memory.cls"] == "true")
        grid = sum(bank_distance(q, bank[key].flatten(0, 1)) for key, q in self.rows(taps, False).items())
        few_map = upsample(grid_of(grid[..., None]), SIZE, True, TINY.patch)[:, 0]
        if float(s["map.blur"]) > 0:
            zero_map, few_map = blur(zero_map, float(s["map.blur"])), blur(few_map, float(s["map.blur"]))
        peak = sum(w for w, _ in z.values())
        text = ensemble_text(self.p, TINY, SEED, s["prompt.object"], self.tok) if s["score.cls"] != "none" else None
        p = (float(s["temperature"]) * l2n(embedding) @ text.T).softmax(-1)[:, 1] if text is not None else None
        return zero_map, few_map, zero_mean, grid.mean(1), peak, p

    @torch.no_grad()
    def predict(self, test, normal, abnormal):
        s = self.s
        z, f, zm, fm, peak, p = self.branches_of(test, normal)
        if s["fuse"] == "calib":  # normal support images by a bank without themselves, abnormal ones by all of it
            own = [self.branches_of(normal[i: i + 1], torch.cat([normal[:i], normal[i + 1:]])) for i in range(len(normal))]
            own.append(self.branches_of(abnormal, normal))
            span = [(min(o[k].min() for o in own), max(o[k].max() for o in own)) for k in range(4)]
            z, f, zm, fm = ((x - low) / (high - low) for x, (low, high) in zip((z, f, zm, fm), span))
        if s["fuse"] == "mvfa":
            z, f, zm, fm = minmax(z), minmax(f), minmax(zm), minmax(fm)
        share = 1.0 if s["fuse"] == "april" else 0.5
        fused, mean = share * (z + f), share * (zm + fm)
        flat, how = fused.flatten(1), s["score.image"]
        if how == "auto":
            how = "max" if self.kind == "pixel" else "mean"
        score = mean if how == "mean" else flat.max(1).values if how == "max" else flat.topk(int(how.split(":")[1]), dim=1).values.mean(1)
        if s["score.cls"] == "add":
            score = score + p
        if s["score.cls"] == "equal":
            score = score + p * {"april": peak, "mean": 0.5 * peak}.get(s["fuse"], 0.5)
        if s["score.cls"] == "april":
            score = 0.5 * (p + minmax(score))
        return {"map": flat.reshape(-1)[:: 3 * SIZE * SIZE // 48][:48], "score": score}


def blur(x, sigma):
    """Gaussian [B, S, S], reflected at the edges with the border pixel twice."""
    radius = math.ceil(4 * sigma)
    i = torch.arange(-radius, radius + 1, dtype=x.dtype)
    kernel = torch.exp(-0.5 * (i / sigma) ** 2)
    kernel = kernel / kernel.sum()
    at = torch.arange(-radius, SIZE + radius)
    at = torch.where(at < 0, -1 - at, torch.where(at >= SIZE, 2 * SIZE - 1 - at, at))
    x = x[:, at].unfold(1, 2 * radius + 1, 1) @ kernel
    return x[:, :, at].unfold(2, 2 * radius + 1, 1) @ kernel


def numbers(kind, given, trained, dtype, jitter, tok):
    m = Model(kind, given, dtype, jitter, tok)
    (images, masks, labels), (test, _, _) = pictures("support"), pictures("test")
    images, masks, labels, test = (torch.from_numpy(a).to(dtype) for a in (images, masks, labels, test))
    out = {k: v.tolist() for k, v in m.predict(test, images[:2], images[2:]).items()}
    if not trained:
        return out
    adam = torch.optim.Adam(list(m.theta.values()), lr=1e-3, betas=(0.5, 0.999))
    out["losses"] = []
    for step in range(3):
        total, parts = m.loss(images, masks, labels)
        out["losses"].append(total.item())
        if step == 0:
            out["parts"] = {n: v.item() for n, v in parts.items()}
        if step == 2:
            break
        adam.zero_grad()
        total.backward()
        if step == 0:
            probe = {n: torch.from_numpy(rule.uniform(f"probe.{n}", SEED, t.shape, 0.0, 1.0)).to(dtype) for n, t in m.theta.items()}
            out["gradients"] = {n: [t.grad.norm().item(), (t.grad * probe[n]).sum().item()] for n, t in m.theta.items()}
        adam.step()
    return out


def flat(value):
    if isinstance(value, dict):
        return [x for v in value.values() for x in flat(v)]
    return [x for v in value for x in flat(v)] if isinstance(value, list) else [value]


def short(value):
    if isinstance(value, dict):
        return {k: short(v) for k, v in value.items()}
    return [short(v) for v in value] if isinstance(value, list) else float(f"{value:.9g}")


def main():
    tok, rows = TK.Tokenizer(), []
    for trained, table in ((True, TRAINED), (False, SCORED)):
        for kind, given in table:
            exact = numbers(kind, given, trained, torch.float64, False, tok)
            others = [numbers(kind, given, trained, *how, tok) for how in ((torch.float32, False), (torch.float64, True))]
            spread = {k: max(abs(a - b) for o in others for a, b in zip(flat(exact[k]), flat(o[k]))) for k in exact}
            if "gradients" in exact:  # gradients of different tensors have different sizes: each has a spread of its own
                spread["gradients"] = {n: max(abs(a - b) for o in others for a, b in zip(v, o["gradients"][n])) for n, v in exact["gradients"].items()}
            rows.append({"kind": kind, "given": given, **short(exact), "spread": short(spread)})
            like = next((r for r in rows[:-1] if r["kind"] == kind and set(r["given"].items()) < set(given.items())), None)
            if given and like and all(abs(a - b) < 1e-4 for k in exact if k in like and k != "gradients" for a, b in zip(flat(exact[k]), flat(like[k]))):
                print("!!! says the same as", like["given"])
            print(kind, given, exact.get("losses"), exact["score"], {k: f"{v:.0e}" for k, v in spread.items() if k != "gradients"}, flush=True)
    base = {k: BASE[k] for k in ("layers", "prompt.nctx", "prompt.init")}
    with open(os.path.join(HERE, "readings.json"), "w", encoding="utf-8") as f:
        f.write('{"seed":%d,"size":%d,"base":%s,"rows":[\n' % (SEED, SIZE, json.dumps(base)))
        f.write(",\n".join(json.dumps(r, separators=(",", ":")) for r in rows))
        f.write("\n]}\n")


main()
