"""Decisions by other programs, for decisions.json beside this file.

    python3 test/reference/decisions.py     writes the file (Python 3.12, nonconform 2.0.0, scipy, scikit-learn)

conformal p-values: nonconform; adjusted p-values, Kolmogorov-Smirnov, intervals of shares: scipy; Platt, isotonic: scikit-learn;
maximum mean discrepancy: the formula in numpy.
"""
import json
import os

import numpy as np
from nonconform.scoring import Empirical
from scipy.spatial.distance import pdist, squareform
from scipy.stats import binomtest, false_discovery_control, ks_2samp
from sklearn.calibration import _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(17)


def short(values):
    """Float32 numbers of few digits, so that the file says what was computed with."""
    return np.float32(np.round(values, 4)).astype(np.float64)


def plain(values):
    return [float(f"{v:.9g}") for v in values]


def written(values):
    return np.array(plain(values))


def conformal(normals, scores):
    normals, scores = written(short(normals)), written(short(scores))
    p = Empirical().compute_p_values(scores, normals)
    return {"normals": plain(normals), "scores": plain(scores), "p": p.tolist(), "adjusted": false_discovery_control(p).tolist()}


def two_samples(a, b):
    a, b = written(short(a)), written(short(b))
    result = ks_2samp(a, b, method="exact")
    return {"a": plain(a), "b": plain(b), "statistic": float(result.statistic), "p": float(result.pvalue)}


def discrepancy(a, b):
    pooled = written(np.concatenate([short(a), short(b)]).ravel()).reshape(-1, a.shape[1])
    distances = pdist(pooled)
    kernel = np.exp(-squareform(distances) ** 2 / (2 * np.median(distances[distances > 0]) ** 2))
    n = len(a)
    value = kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()
    return {"pooled": [plain(row) for row in pooled], "first": n, "statistic": float(value)}


def probabilities(scores, labels):
    scores = written(short(scores))
    asked = written(short(np.linspace(scores.min() - 1, scores.max() + 1, 15)))
    platt = _SigmoidCalibration().fit(scores, labels)
    isotonic = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, labels)
    return {
        "scores": plain(scores), "labels": labels.tolist(), "asked": plain(asked),
        "platt": platt.predict(asked).tolist(), "isotonic": isotonic.predict(asked).tolist(),
    }


labels = (rng.random(120) < 0.4).astype(int)
file = {
    "conformal": [
        conformal(rng.normal(13, 2, 100), rng.normal(14, 3, 40)),
        conformal(np.round(rng.normal(0, 2, 25)), np.round(rng.normal(1, 2, 20))),  # with ties
        conformal(rng.normal(0, 1, 19), np.array([-9.0, 9.0, 0.0])),
    ],
    "kolmogorovSmirnov": [
        two_samples(rng.normal(0, 1, 40), rng.normal(0.6, 1, 25)),
        two_samples(rng.normal(0, 1, 30), rng.normal(0, 1, 30)),
    ],
    "discrepancy": [discrepancy(rng.normal(0, 1, (12, 3)), rng.normal(0.5, 1, (9, 3)))],
    "probability": [
        probabilities(rng.normal(0, 1, 120) + 1.5 * labels, labels),
        probabilities(np.round(13 + rng.normal(0, 3, 120) + 2 * labels), labels),  # with ties
    ],
    "shares": [
        [k, n, *map(float, binomtest(k, n).proportion_ci(method="exact"))] for k, n in [(0, 19), (5, 100), (40, 40), (3, 7)]
    ],
}
with open(os.path.join(HERE, "decisions.json"), "w") as out:
    json.dump(file, out, separators=(",", ":"))
    out.write("\n")
