"""MedCLIP's towers in plain PyTorch, for the outputs in medclip.json and medclip.safetensors beside this file.

    python3 test/reference/medclip.py            writes both files (numpy and torch)
    python3 test/reference/medclip.py --check    compares these towers with transformers and torchvision, small and at full size
    python3 test/reference/medclip.py --full DIR writes what both published sizes say of one image and three sentences

Weights are those of the generation rule (src/base/rule.ts) by canonical name (src/medclip/names.ts). Everything is
computed in float64; `f32_max` is what float32 changes.
"""
import json
import math
import os
import struct
import sys
import unicodedata

import numpy as np
import torch
import torch.nn.functional as F

SEED = 1
HERE = os.path.dirname(os.path.abspath(__file__))

SWIN_MINI = dict(kind="swin", patch=4, window=3, widths=[16, 32, 64, 128], blocks=[2, 2, 2, 1], heads=[2, 4, 4, 8], mlp=2)
SWIN_T = dict(kind="swin", patch=4, window=7, widths=[96, 192, 384, 768], blocks=[2, 2, 6, 2], heads=[3, 6, 12, 24], mlp=4)
RESNET_MINI = dict(kind="resnet", stem=8, inner=[4, 8, 16, 32], blocks=[1, 2, 1, 1])
RESNET_50 = dict(kind="resnet", stem=64, inner=[64, 128, 256, 512], blocks=[3, 4, 6, 3])
BERT_MINI = dict(width=32, layers=3, heads=4, mlp=64, positions=80)
BERT_BASE = dict(width=768, layers=12, heads=12, mlp=3072, positions=512)

VOCABULARY = """[PAD] [UNK] [CLS] [SEP] [MASK] a photo of the brain ##s re ##tinal oct with flaw un ##blem ##ished close up
. , - b ##bl""".split()
SENTENCES = ["A photo of the Brain.", "unblemished retinal OCT", "close-up photo of Rétinal brains with flaw, \u2603 xyz"]


# --- the generation rule ---------------------------------------------------------------------------------------------

def rule(name, shape, offset, amplitude):
    code = 0x811C9DC5
    for byte in name.encode():
        code = ((code ^ byte) * 0x01000193) & 0xFFFFFFFF
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        h = np.uint32(code ^ SEED) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        h = h ^ (h >> np.uint32(16))
    u = (h.astype(np.float64) + 0.5) / 2**32
    return (offset + amplitude * (2 * u - 1)).astype(np.float32).reshape(shape)


def parameter(name, shape):
    last = name.split(".")[-1]
    if name == "logit_scale":
        law = (math.log(100), 0)
    elif last == "running_var":
        law = (1, 0.5)
    elif last == "running_mean":
        law = (0, 0.1)
    elif last == "relative_bias":
        law = (0, 0.5)
    elif last == "weight" and len(shape) == 1:
        law = (1, 0.1)
    elif last in ("bias", "in_proj_bias"):
        law = (0, 0.02)
    elif name == "token_embedding.weight":
        law = (0, 0.035)
    elif last == "positional_embedding":
        law = (0, 0.02)
    else:
        law = (0, math.sqrt(3 / np.prod(shape[1:])))
    return rule(name, shape, *law)


# --- published names -------------------------------------------------------------------------------------------------

class Weights(dict):
    """Tensors under the published names."""

    def add(self, theirs, name, shape):
        self[theirs] = torch.from_numpy(parameter(name, tuple(shape)))

    def affine(self, theirs, name, shape):
        self.add(theirs + ".weight", name + ".weight", shape)
        self.add(theirs + ".bias", name + ".bias", shape[:1])

    def block(self, theirs, name, width, mlp, norms):
        self.affine(f"{theirs}.{norms[0]}", f"{name}.ln_1", [width])
        for leaf, shape in (("weight", [3 * width, width]), ("bias", [3 * width])):
            joined = torch.from_numpy(parameter(f"{name}.attn.in_proj_{leaf}", tuple(shape)))
            for part, values in zip(("query", "key", "value"), joined.chunk(3)):
                self[f"{theirs}.attention.self.{part}.{leaf}"] = values.contiguous()
        self.affine(f"{theirs}.attention.output.dense", f"{name}.attn.out_proj", [width, width])
        self.affine(f"{theirs}.{norms[1]}", f"{name}.ln_2", [width])
        self.affine(f"{theirs}.intermediate.dense", f"{name}.mlp.c_fc", [mlp, width])
        self.affine(f"{theirs}.output.dense", f"{name}.mlp.c_proj", [width, mlp])


def swin_weights(c, embed):
    w, root = Weights(), "vision_model.model"
    w.affine(f"{root}.embeddings.patch_embeddings.projection", "visual.conv1", [c["widths"][0], 3, c["patch"], c["patch"]])
    w.affine(f"{root}.embeddings.norm", "visual.ln_pre", c["widths"][:1])
    for i, width in enumerate(c["widths"]):
        for j in range(c["blocks"][i]):
            theirs, name = f"{root}.encoder.layers.{i}.blocks.{j}", f"visual.{i}.{j}"
            w.block(theirs, name, width, c["mlp"] * width, ("layernorm_before", "layernorm_after"))
            table = f"{theirs}.attention.self.relative_position_bias_table"
            w.add(table, f"{name}.attn.relative_bias", [(2 * c["window"] - 1) ** 2, c["heads"][i]])
        if i + 1 < len(c["widths"]):
            theirs = f"{root}.encoder.layers.{i}.downsample"
            w.affine(f"{theirs}.norm", f"visual.{i}.ln_merge", [4 * width])
            w.add(f"{theirs}.reduction.weight", f"visual.{i}.merge.weight", [c["widths"][i + 1], 4 * width])
    w.affine(f"{root}.layernorm", "visual.ln_post", c["widths"][-1:])
    w.add("vision_model.projection_head.weight", "visual.head.weight", [embed, c["widths"][-1]])
    return w


def resnet_weights(c, embed):
    w = Weights()

    def convolution(conv, norm, shape):
        w.add(f"vision_model.model.{conv}.weight", f"visual.{conv}.weight", shape)
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            w.add(f"vision_model.model.{norm}.{leaf}", f"visual.{norm}.{leaf}", shape[:1])

    convolution("conv1", "bn1", [c["stem"], 3, 7, 7])
    width = c["stem"]
    for i, inner in enumerate(c["inner"]):
        for j in range(c["blocks"][i]):
            block = f"layer{i + 1}.{j}"
            convolution(f"{block}.conv1", f"{block}.bn1", [inner, width, 1, 1])
            convolution(f"{block}.conv2", f"{block}.bn2", [inner, inner, 3, 3])
            convolution(f"{block}.conv3", f"{block}.bn3", [4 * inner, inner, 1, 1])
            if j == 0:
                convolution(f"{block}.downsample.0", f"{block}.downsample.1", [4 * inner, width, 1, 1])
            width = 4 * inner
    w.add("vision_model.model.fc.weight", "visual.head.weight", [embed, width])
    return w


def bert_weights(c, embed):
    w, root, width = Weights(), "text_model.model", c["width"]
    w.add(f"{root}.embeddings.word_embeddings.weight", "token_embedding.weight", [len(VOCABULARY), width])
    w.add(f"{root}.embeddings.position_embeddings.weight", "positional_embedding", [c["positions"], width])
    w.add(f"{root}.embeddings.token_type_embeddings.weight", "type_embedding.weight", [2, width])
    w.affine(f"{root}.embeddings.LayerNorm", "ln_embed", [width])
    for i in range(c["layers"]):
        norms = ("attention.output.LayerNorm", "output.LayerNorm")
        w.block(f"{root}.encoder.layer.{i}", f"text.{i}", width, c["mlp"], norms)
    w.add("text_model.projection_head.weight", "text_head.weight", [embed, width])
    return w


# --- the towers ------------------------------------------------------------------------------------------------------

def linear(w, name, x):
    return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))


def norm(w, name, x, eps=1e-5):
    return F.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], eps)


def heads_of(x, heads):
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


def attend(w, name, x, heads, bias):
    """softmax(q k^T / sqrt d + bias) v, then the output map; x [batch, tokens, width]."""
    q, k, v = (heads_of(linear(w, f"{name}.self.{part}", x), heads) for part in ("query", "key", "value"))
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + bias
    seen = (scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape)
    return linear(w, f"{name}.output.dense", seen)


def cut(x, side):
    """[B, H, W, C] into windows [B * windows, side^2, C]."""
    b, h, wide, c = x.shape
    x = x.view(b, h // side, side, wide // side, side, c).permute(0, 1, 3, 2, 4, 5)
    return x.reshape(-1, side * side, c)


def relative_bias(table, side):
    places = torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")).flatten(1)
    delta = places[:, :, None] - places[:, None, :] + side - 1
    return table[delta[0] * (2 * side - 1) + delta[1]].permute(2, 0, 1)


def shift_mask(h, wide, side, shift, like):
    regions = torch.zeros(1, h, wide, 1)
    bounds = (slice(0, -side), slice(-side, -shift), slice(-shift, None))
    for i, rows in enumerate(bounds):
        for j, columns in enumerate(bounds):
            regions[:, rows, columns] = 3 * i + j
    regions = cut(regions, side)[..., 0]
    return torch.where(regions[:, None, :] == regions[:, :, None], 0.0, -100.0).to(like)


def swin_block(w, name, x, grid, heads, side, shift):
    b, _, c = x.shape
    y = norm(w, name + ".layernorm_before", x).view(b, grid, grid, c)
    more = -grid % side
    y = F.pad(y, (0, 0, 0, more, 0, more))
    full = grid + more
    bias = relative_bias(w[name + ".attention.self.relative_position_bias_table"], side)[None]
    if shift:
        y = y.roll((-shift, -shift), (1, 2))
        bias = bias + shift_mask(full, full, side, shift, bias).repeat(b, 1, 1)[:, None]
    y = attend(w, name + ".attention", cut(y, side), heads, bias)
    y = y.view(b, full // side, full // side, side, side, c).permute(0, 1, 3, 2, 4, 5).reshape(b, full, full, c)
    if shift:
        y = y.roll((shift, shift), (1, 2))
    x = x + y[:, :grid, :grid].reshape(b, grid * grid, c)
    hidden = F.gelu(linear(w, name + ".intermediate.dense", norm(w, name + ".layernorm_after", x)))
    return x + linear(w, name + ".output.dense", hidden)


def swin(w, c, images):
    """Outputs of the stages [B, tokens, width] and the embedding [B, E]."""
    root = "vision_model.model"
    more = -images.shape[-1] % c["patch"]
    patches = f"{root}.embeddings.patch_embeddings.projection"
    x = F.conv2d(F.pad(images, (0, more, 0, more)), w[patches + ".weight"], w[patches + ".bias"], stride=c["patch"])
    grid = x.shape[-1]
    x = norm(w, f"{root}.embeddings.norm", x.flatten(2).transpose(1, 2))
    stages = []
    for i, width in enumerate(c["widths"]):
        for j in range(c["blocks"][i]):
            shift = c["window"] // 2 if j % 2 and grid > c["window"] else 0
            x = swin_block(w, f"{root}.encoder.layers.{i}.blocks.{j}", x, grid, c["heads"][i], c["window"], shift)
        stages.append(x)
        if i + 1 < len(c["widths"]):
            y = x.view(-1, grid, grid, width)
            y = F.pad(y, (0, 0, 0, grid % 2, 0, grid % 2))
            y = torch.cat([y[:, i::2, j::2] for j in (0, 1) for i in (0, 1)], -1).flatten(1, 2)
            grid = (grid + 1) // 2
            theirs = f"{root}.encoder.layers.{i}.downsample"
            x = linear(w, f"{theirs}.reduction", norm(w, f"{theirs}.norm", y))
    pooled = norm(w, f"{root}.layernorm", x).mean(1)
    return stages, linear(w, "vision_model.projection_head", pooled)


def resnet(w, c, images):
    def convolution(conv, bn, x, stride=1, pad=0):
        x = F.conv2d(x, w[f"vision_model.model.{conv}.weight"], stride=stride, padding=pad)
        mean, var, weight, bias = (w[f"vision_model.model.{bn}.{leaf}"] for leaf in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, mean, var, weight, bias)

    x = F.max_pool2d(F.relu(convolution("conv1", "bn1", images, 2, 3)), 3, 2, 1)
    stages = []
    for i, count in enumerate(c["blocks"]):
        for j in range(count):
            block, stride = f"layer{i + 1}.{j}", 2 if i and not j else 1
            y = F.relu(convolution(f"{block}.conv1", f"{block}.bn1", x))
            y = F.relu(convolution(f"{block}.conv2", f"{block}.bn2", y, stride, 1))
            y = convolution(f"{block}.conv3", f"{block}.bn3", y)
            if j == 0:
                x = convolution(f"{block}.downsample.0", f"{block}.downsample.1", x, stride)
            x = F.relu(x + y)
        stages.append(x.flatten(2).transpose(1, 2))
    return stages, linear(w, "vision_model.model.fc", x.mean((2, 3)))


def bert(w, c, ids, mask):
    """Text embeddings [S, E]; ids and mask [S, L]."""
    root = "text_model.model"
    tables = {t: w[f"{root}.embeddings.{t}_embeddings.weight"] for t in ("word", "position", "token_type")}
    x = tables["word"][ids] + tables["position"][: ids.shape[1]] + tables["token_type"][0]
    x = norm(w, f"{root}.embeddings.LayerNorm", x, 1e-12)
    bias = torch.where(mask[:, None, None, :] > 0, 0.0, -1e30).to(x)
    outputs = []
    for i in range(c["layers"]):
        name = f"{root}.encoder.layer.{i}"
        x = norm(w, f"{name}.attention.output.LayerNorm", x + attend(w, f"{name}.attention", x, c["heads"], bias), 1e-12)
        hidden = F.gelu(linear(w, f"{name}.intermediate.dense", x))
        x = norm(w, f"{name}.output.LayerNorm", x + linear(w, f"{name}.output.dense", hidden), 1e-12)
        outputs.append(x)
    pooled = torch.stack([outputs[0], outputs[1], outputs[-1]], 1).mean(2).mean(1)
    return linear(w, "text_model.projection_head", pooled)


# --- the tokenizer ---------------------------------------------------------------------------------------------------

def tokenize(sentence):
    plain = unicodedata.normalize("NFD", sentence)
    plain = "".join(c for c in plain if unicodedata.category(c) != "Mn").lower()
    words = "".join(f" {c} " if unicodedata.category(c)[0] == "P" else c for c in plain).split()
    ids = [VOCABULARY.index("[CLS]")]
    for word in words:
        pieces, start = [], 0
        while start < len(word):
            fits = [e for e in range(start + 1, len(word) + 1) if ("##" if start else "") + word[start:e] in VOCABULARY]
            if not fits:
                pieces = [VOCABULARY.index("[UNK]")]
                break
            pieces.append(VOCABULARY.index(("##" if start else "") + word[start : fits[-1]]))
            start = fits[-1]
        ids += pieces
    return ids + [VOCABULARY.index("[SEP]")]


def batch_of_sentences():
    ids = [tokenize(s) for s in SENTENCES]
    length = max(map(len, ids))
    padded = torch.tensor([row + [0] * (length - len(row)) for row in ids])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in ids])
    return ids, padded, mask


# --- outputs ---------------------------------------------------------------------------------------------------------

def outputs_of(vision, text, embed, size, images, dtype):
    """What the towers say, by name."""
    tower, weights = (swin, swin_weights) if vision["kind"] == "swin" else (resnet, resnet_weights)
    cast = lambda w: Weights({k: v.to(dtype) for k, v in w.items()})
    x = torch.from_numpy(rule("medclip.images", (images, 3, size, size), 0, 1.5)).to(dtype)
    with torch.no_grad():
        stages, embedding = tower(cast(weights(vision, embed)), vision, x)
        _, ids, mask = batch_of_sentences()
        result = {f"stage.{i + 1}": stage for i, stage in enumerate(stages)}
        result["image_embedding"] = embedding
        result["text_embedding"] = bert(cast(bert_weights(text, embed)), text, ids, mask)
    return result


def write(folder, cases):
    """Safetensors of float32 with a table of shapes, magnitudes and spreads."""
    header, table, data, at = {}, {}, [], 0
    for case, (vision, text, embed, size, images) in cases.items():
        exact = outputs_of(vision, text, embed, size, images, torch.float64)
        single = outputs_of(vision, text, embed, size, images, torch.float32)
        for name, values in exact.items():
            key, raw = f"{case}.{name}", values.float().contiguous().numpy().tobytes()
            spread = (single[name].double() - values).abs().max().item()
            table[key] = dict(shape=list(values.shape), max_abs=values.abs().max().item(), f32_max=spread)
            header[key] = dict(dtype="F32", shape=list(values.shape), data_offsets=[at, at + len(raw)])
            data.append(raw)
            at += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, "medclip.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(data))
    sizes = {case: dict(size=size, images=images) for case, (_, _, _, size, images) in cases.items()}
    ids, _, _ = batch_of_sentences()
    facts = dict(seed=SEED, vocabulary=VOCABULARY, sentences=SENTENCES, ids=ids, cases=sizes, tensors=table)
    with open(os.path.join(folder, "medclip.json"), "w") as f:
        json.dump(facts, f, indent=1)
        f.write("\n")


# Swin's weights have other names since transformers 5; the numbers are the same.
RENAMED = [
    ("attention.self.relative_position_bias_table", "attention.relative_position_bias.relative_position_bias_table"),
    ("attention.self.query.", "attention.q_proj."),
    ("attention.self.key.", "attention.k_proj."),
    ("attention.self.value.", "attention.v_proj."),
    ("attention.output.dense.", "attention.o_proj."),
    ("intermediate.dense.", "mlp.fc1."),
    ("output.dense.", "mlp.fc2."),
]


def named_for(model, weights):
    """Weights under the names that this version of transformers (4.57 or 5.24) gives them."""
    own, out = model.state_dict().keys(), {}
    for name, value in weights.items():
        new = name
        for before, after in RENAMED:
            new = new.replace(before, after)
        out[name if name in own or new not in own else new] = value
    return out


def check():
    """Largest differences from the libraries that MedCLIP uses, in float64."""
    import tempfile

    from transformers import BertConfig, BertModel, BertTokenizer, SwinConfig, SwinModel

    torch.set_default_dtype(torch.float64)
    strip = lambda w, prefix: {k[len(prefix) :]: v.double() for k, v in w.items() if k.startswith(prefix)}

    def report(what, ours, theirs):
        print(f"{what}: {(ours - theirs).abs().max().item():.1e} of {theirs.abs().max().item():.2f}")

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "vocab.txt")
        with open(path, "w") as f:
            f.write("\n".join(VOCABULARY) + "\n")
        theirs = BertTokenizer(path)(SENTENCES)["input_ids"]
        print("tokenizer:", "equal" if theirs == [tokenize(s) for s in SENTENCES] else f"different: {theirs}")
    for what, c, size in (("Swin mini", SWIN_MINI, 98), ("Swin-T", SWIN_T, 224)):
        w = Weights({k: v.double() for k, v in swin_weights(c, 512).items()})
        config = SwinConfig(image_size=size, patch_size=c["patch"], embed_dim=c["widths"][0], depths=c["blocks"],
                            num_heads=c["heads"], window_size=c["window"], mlp_ratio=c["mlp"])
        model = SwinModel(config).eval()
        missing, unexpected = model.load_state_dict(named_for(model, strip(w, "vision_model.model.")), strict=False)
        assert not unexpected and all("relative_position_index" in m for m in missing), (missing, unexpected)
        x = torch.from_numpy(rule("medclip.images", (1, 3, size, size), 0, 1.5)).double()
        with torch.no_grad():
            theirs = model(x)
            _, ours = swin(w, c, x)
            report(what, ours, linear(w, "vision_model.projection_head", theirs.pooler_output))
    for what, c in (("BERT mini", BERT_MINI), ("BERT base", BERT_BASE)):
        w = Weights({k: v.double() for k, v in bert_weights(c, 512).items()})
        config = BertConfig(vocab_size=len(VOCABULARY), hidden_size=c["width"], num_hidden_layers=c["layers"],
                            num_attention_heads=c["heads"], intermediate_size=c["mlp"], max_position_embeddings=c["positions"])
        model = BertModel(config, add_pooling_layer=False).eval()
        missing, unexpected = model.load_state_dict(named_for(model, strip(w, "text_model.model.")), strict=False)
        assert not unexpected and all("position_ids" in m for m in missing), (missing, unexpected)
        _, ids, mask = batch_of_sentences()
        with torch.no_grad():
            hidden = model(ids, attention_mask=mask, output_hidden_states=True).hidden_states
            pooled = torch.stack([hidden[1], hidden[2], hidden[-1]]).permute(1, 0, 2, 3).mean(2).mean(1)
            report(what, bert(w, c, ids, mask), linear(w, "text_model.projection_head", pooled))
    from torchvision.models import resnet50

    w = Weights({k: v.double() for k, v in resnet_weights(RESNET_50, 512).items()})
    model = resnet50()
    model.fc = torch.nn.Linear(2048, 512, bias=False)
    missing, unexpected = model.load_state_dict(named_for(model, strip(w, "vision_model.model.")), strict=False)
    assert not unexpected and all("num_batches_tracked" in m for m in missing), (missing, unexpected)
    x = torch.from_numpy(rule("medclip.images", (1, 3, 224, 224), 0, 1.5)).double()
    with torch.no_grad():
        report("ResNet-50", resnet(w, RESNET_50, x)[1], model.eval()(x))


if __name__ == "__main__":
    if "--check" in sys.argv:
        check()
    elif "--full" in sys.argv:
        full = {"swin": (SWIN_T, BERT_BASE, 512, 224, 1), "resnet": (RESNET_50, BERT_BASE, 512, 224, 1)}
        write(sys.argv[sys.argv.index("--full") + 1], full)
    else:
        # 98 px: 25 patches a side, so that neither windows nor squares fit into any grid.
        write(HERE, {"swin": (SWIN_MINI, BERT_MINI, 24, 98, 2), "resnet": (RESNET_MINI, BERT_MINI, 24, 98, 2)})
