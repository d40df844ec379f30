"""Our boosted trees beside LightGBM: same rows, folds and parameters.

    go build -o /tmp/trees ./bench/trees
    python bench/trees/parity.py /tmp/trees [set ...]

Losses are log-loss for classes and RMSE for numbers, the mean over the folds.
"noise" is the standard deviation of the folds' paired differences over the
square root of their number. Times are medians of whole fits, bins included.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

for k in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(k, None)

import lightgbm as lgb
import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "quality"))
import sets  # noqa: E402

THREADS = int(os.environ.get("THREADS", "2"))
# Ours -> LightGBM's names.
NAMES = {"rounds": "num_iterations", "min_sum_hessian": "min_sum_hessian_in_leaf", "min_child_samples": "min_data_in_leaf",
         "max_bins": "max_bin", "min_gain": "min_gain_to_split"}
OBJECTIVES = {"squared": "regression", "absolute": "regression_l1", "quantile": "quantile"}


def frame_set(name):
    frame, target, positive, _ = sets.SETS[name]()
    y = frame[target]
    x = frame.drop(columns=[target] + sets.HIDDEN.get(name, []))
    if positive is None:
        task, classes, y = "regression", [], y.to_numpy(float)
    else:
        other = [c for c in sorted(y.unique()) if c != positive]
        task, classes = "binary", [other[0], positive]
        y = (y == positive).to_numpy(float)
    cols, features = [], []
    for c in x.columns:
        if pd.api.types.is_numeric_dtype(x[c]):
            features.append({"name": c, "source": c})
            cols.append(x[c].to_numpy(float))
        else:
            codes = x[c].astype("category").cat
            features.append({"name": c, "source": c, "levels": len(codes.categories)})
            v = codes.codes.to_numpy(float)
            cols.append(np.where(v < 0, np.nan, v))
    return np.column_stack(cols), y, task, [str(c) for c in classes], features


def numbers(n):
    return [{"name": f"x{i}", "source": f"x{i}"} for i in range(n)]


def million():
    r = np.random.default_rng(1)
    x = r.standard_normal((1_000_000, 28))
    x[:, 20:24] = np.abs(x[:, 20:24]) ** 2
    score = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.5 * x[:, 20] - 0.7 * (x[:, 3] > 0.5) * x[:, 4] + 0.3 * x[:, 5:12].sum(1)
    y = (score + r.standard_normal(len(x)) > 0.4).astype(float)
    return x, y, "binary", ["0", "1"], numbers(28)


def diamonds20():
    x, y, task, classes, features = frame_set("diamonds")
    return np.tile(x, (20, 1)), np.tile(y, 20), task, classes, features


def fashion(task="multiclass"):
    import gzip
    at = os.path.join(sets.DATA, "fashion-mnist")
    x = np.frombuffer(gzip.open(os.path.join(at, "train-images-idx3-ubyte.gz")).read(), np.uint8, offset=16).reshape(-1, 784)
    y = np.frombuffer(gzip.open(os.path.join(at, "train-labels-idx1-ubyte.gz")).read(), np.uint8, offset=8)
    return x.astype(float), y.astype(float), "multiclass", [str(i) for i in range(10)], numbers(784)


def splice():
    frame = sets._csv("dna-splice", "splice_sequences.csv")
    letters = np.array([list(s.ljust(60)) for s in frame["seq"]])
    classes = sorted(frame["class"].unique())
    y = frame["class"].map({c: i for i, c in enumerate(classes)}).to_numpy(float)
    cols, features = [], []
    for j in range(letters.shape[1]):
        levels, codes = np.unique(letters[:, j], return_inverse=True)
        cols.append(codes.astype(float))
        features.append({"name": f"at{j}", "source": f"at{j}", "levels": len(levels)})
    return np.column_stack(cols), y, "multiclass", classes, features


QUALITY = ["credit-g", "mlc-churn", "lending-club", "spambase", "bank-costs", "breast-cancer", "diamonds", "ames"]
CASES = {n: (lambda n=n: frame_set(n), {}, 5) for n in QUALITY}
CASES |= {
    "splice": (splice, {}, 5),
    "diamonds-absolute": (lambda: frame_set("diamonds"), {"objective": "absolute"}, 5),
    "diamonds-quantile": (lambda: frame_set("diamonds"), {"objective": "quantile", "alpha": 0.9}, 5),
    "ames-quantile": (lambda: frame_set("ames"), {"objective": "quantile", "alpha": 0.1}, 5),
    "lending-regular": (lambda: frame_set("lending-club"),
                        {"lambda_l1": 1.0, "lambda_l2": 5.0, "num_leaves": 15, "max_depth": 4, "min_gain": 0.1}, 5),
    "spambase-sampled": (lambda: frame_set("spambase"),
                         {"bagging_fraction": 0.7, "bagging_freq": 1, "feature_fraction": 0.5}, 5),
    "million": (million, {}, 1),
    "diamonds-x20": (diamonds20, {}, 1),
    "fashion-mnist": (fashion, {"rounds": 20}, 1),
}


def folds(y, task, k):
    """The fold of each row; with one fold a fifth of the rows is tested."""
    r = np.random.default_rng(7)
    n = max(k, 5)
    fold = np.empty(len(y), np.int32)
    groups = [np.arange(len(y))] if task == "regression" else [np.flatnonzero(y == c) for c in np.unique(y)]
    for rows in groups:
        fold[r.permutation(rows)] = np.arange(len(rows)) % n
    return np.where(fold < k, fold, -1).astype(np.int32)


def write(at, x, y, task, classes, features, fold, k):
    x.astype("<f8").tofile(os.path.join(at, "x.bin"))
    y.astype("<f8").tofile(os.path.join(at, "y.bin"))
    fold.astype("<i4").tofile(os.path.join(at, "fold.bin"))
    with open(os.path.join(at, "meta.json"), "w") as f:
        json.dump({"task": task, "classes": classes or None, "features": features, "rows": len(y), "folds": k}, f)


def loss(task, objective, alpha, y, p):
    if task == "binary":
        p = np.clip(p, 1e-15, 1 - 1e-15)
        return -np.mean(np.where(y == 1, np.log(p), np.log(1 - p)))
    if task == "multiclass":
        return -np.mean(np.log(np.maximum(p[np.arange(len(y)), y.astype(int)], 1e-15)))
    if objective == "absolute":
        return np.mean(np.abs(y - p))
    if objective == "quantile":
        return np.mean(np.maximum(alpha * (y - p), (alpha - 1) * (y - p)))
    return np.sqrt(np.mean((y - p) ** 2))


def lightgbm(x, y, task, classes, features, fold, k, params, repeats):
    p = {NAMES.get(n, n): v for n, v in params.items() if n not in ("objective",)}
    objective = params.get("objective", "squared")
    p["objective"] = {"binary": "binary", "multiclass": "multiclass"}.get(task) or OBJECTIVES[objective]
    if task == "multiclass":
        p["num_class"] = len(classes)
    p |= {"num_threads": THREADS, "deterministic": True, "force_row_wise": True, "verbosity": -1, "seed": 1}
    cats = [i for i, f in enumerate(features) if f.get("levels")]
    out = {"loss": [], "train": [], "cpu": [], "predict": []}
    for f in range(k):
        test = fold == f
        xa, ya, xb, yb = x[~test], y[~test], x[test], y[test]
        for _ in range(repeats):
            start, cpu = time.perf_counter(), time.process_time()
            data = lgb.Dataset(xa, ya, categorical_feature=cats, params={"verbosity": -1})
            m = lgb.train(p, data)
            out["train"].append(time.perf_counter() - start)
            out["cpu"].append(time.process_time() - cpu)
        start = time.perf_counter()
        pred = m.predict(xb, num_threads=THREADS)
        out["predict"].append(time.perf_counter() - start)
        out["loss"].append(loss(task, objective, params.get("alpha", 0.9), yb, pred))
    return out


def ours(binary, at, params, repeats):
    text = subprocess.run([binary, "-data", at, "-params", json.dumps(params), "-threads", str(THREADS), "-repeats", str(repeats)],
                          check=True, capture_output=True, text=True).stdout
    return json.loads(text)


def main():
    binary, names = sys.argv[1], sys.argv[2:] or list(CASES)
    print("| set | rows x columns | ours | LightGBM | difference | noise | train s, ours | LightGBM | ratio | processor ratio | batch ratio | row us |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in names:
        make, extra, k = CASES[name]
        params = {"rounds": 100} | extra
        data = make()
        fold = folds(data[1], data[2], k)
        repeats = 3 if k == 1 else 2
        with tempfile.TemporaryDirectory() as at:
            write(at, *data, fold, k)
            a = ours(binary, at, params, repeats)
        b = lightgbm(*data, fold, k, params, repeats)
        la, lb = np.array(a["loss"]), np.array(b["loss"])
        diff = (la.mean() / lb.mean() - 1) * 100
        noise = (la - lb).std(ddof=1) / np.sqrt(k) / lb.mean() * 100 if k > 1 else float("nan")
        ta, tb = np.median(a["train"]), np.median(b["train"])
        ca, cb = np.median(a["cpu"]), np.median(b["cpu"])
        pa, pb = np.median(a["predict"]), np.median(b["predict"])
        print(f"| {name} | {data[0].shape[0]} x {data[0].shape[1]} | {la.mean():.6g} | {lb.mean():.6g} | {diff:+.2f} % | {noise:.2f} % "
              f"| {ta:.3f} | {tb:.3f} | {ta / tb:.2f} | {ca / cb:.2f} | {pa / pb:.2f} | {a['row_microseconds']:.2f} |", flush=True)


if __name__ == "__main__":
    main()
