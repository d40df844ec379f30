"""Our boosted trees beside LightGBM: same rows, folds and parameters.

    go build -o /tmp/trees ./bench/trees
    python bench/trees/parity.py /tmp/trees quality [set ...]
    python bench/trees/parity.py /tmp/trees speed [set ...]
    python bench/trees/parity.py /tmp/trees peers DIR [set ...]

quality: losses on held-out rows (log-loss for classes, RMSE for numbers, the
mean loss of other objectives), the mean over six partitions into five folds,
and the standard error of the paired differences.

speed: whole fits, bins included, and predictions of 20 % of the rows. Each
program runs in turn with the other, several times, and the least time counts,
as the machine may have other work. "processor" is user and system time with one
thread, which other work hardly changes; "wall" is with two threads.

peers: wall seconds of fits and of 100,000 predictions with two threads, ours
beside LightGBM (with whichever of its two layouts is quicker), XGBoost's hist
and scikit-learn's HistGradientBoosting, each in turn, eight times. DIR gets
ours.txt, lightgbm.txt, xgboost.txt and sklearn.txt in the format of Go's
benchmarks:

    benchstat DIR/lightgbm.txt DIR/ours.txt
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


REGULAR = {"lambda_l1": 1.0, "lambda_l2": 5.0, "num_leaves": 15, "max_depth": 4, "min_gain": 0.1}
SAMPLED = {"bagging_fraction": 0.7, "bagging_freq": 1, "feature_fraction": 0.5}
# Name -> (how to get the rows, parameters that are not the defaults).
CASES = {n: (lambda n=n: frame_set(n), {}) for n in [
    "credit-g", "mlc-churn", "lending-club", "spambase", "bank-costs", "breast-cancer", "diamonds", "ames"]}
CASES |= {
    "splice": (splice, {}),
    "diamonds, absolute": (lambda: frame_set("diamonds"), {"objective": "absolute"}),
    "diamonds, quantile 0.9": (lambda: frame_set("diamonds"), {"objective": "quantile", "alpha": 0.9}),
    "ames, quantile 0.1": (lambda: frame_set("ames"), {"objective": "quantile", "alpha": 0.1}),
    "lending-club, penalties": (lambda: frame_set("lending-club"), REGULAR),
    "spambase, sampled": (lambda: frame_set("spambase"), SAMPLED),
    "million": (million, {}),
    "diamonds x 20": (diamonds20, {}),
    "fashion-mnist, 10 rounds": (fashion, {"rounds": 10}),
}
QUALITY = list(CASES)[:-3]
PEERS = ["spambase", "diamonds x 20", "million", "fashion-mnist, 10 rounds"]
SPEED = ["credit-g", "mlc-churn", "spambase", "bank-costs", "diamonds", "ames", "splice", "million", "diamonds x 20", "fashion-mnist, 10 rounds"]


def folds(y, task, k, seed):
    """The fold of each row, -1 for rows that are only learnt from: k folds of five."""
    r = np.random.default_rng(seed)
    fold = np.empty(len(y), np.int32)
    groups = [np.arange(len(y))] if task == "regression" else [np.flatnonzero(y == c) for c in np.unique(y)]
    for rows in groups:
        fold[r.permutation(rows)] = np.arange(len(rows)) % 5
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


def lightgbm(x, y, task, classes, features, fold, k, params, threads, batch=None):
    p = {NAMES.get(n, n): v for n, v in params.items() if n not in ("objective",)}
    objective = params.get("objective", "squared")
    p["objective"] = {"binary": "binary", "multiclass": "multiclass"}.get(task) or OBJECTIVES[objective]
    if task == "multiclass":
        p["num_class"] = len(classes)
    p = {"force_row_wise": True} | p | {"num_threads": threads, "deterministic": True, "verbosity": -1, "seed": 1}
    cats = [i for i, f in enumerate(features) if f.get("levels")]
    out = {"loss": [], "train": [], "cpu": [], "predict": []}
    for f in range(k):
        test = fold == f
        xa, ya, xb, yb = x[~test], y[~test], x[test], y[test]
        start, cpu = time.perf_counter(), time.process_time()
        data = lgb.Dataset(xa, ya, categorical_feature=cats, params={"verbosity": -1, "num_threads": threads})
        m = lgb.train(p, data)
        out["train"].append(time.perf_counter() - start)
        out["cpu"].append(time.process_time() - cpu)
        start = time.perf_counter()
        pred = m.predict(xb if batch is None else batch, num_threads=threads)
        out["predict"].append(time.perf_counter() - start)
        if batch is not None:
            pred = m.predict(xb, num_threads=threads)
        out["loss"].append(loss(task, objective, params.get("alpha", 0.9), yb, pred))
    return out


def ours(binary, at, params, threads, batch=0):
    text = subprocess.run([binary, "-data", at, "-params", json.dumps(params), "-threads", str(threads), "-batch", str(batch)],
                          check=True, capture_output=True, text=True).stdout
    return json.loads(text)


def xgboost(x, y, task, classes, features, fold, k, params, threads, batch):
    import xgboost as xgb
    p = {"tree_method": "hist", "grow_policy": "lossguide", "max_leaves": 31, "max_depth": 0, "max_bin": 255, "eta": 0.1,
         "lambda": 0.0, "min_child_weight": 1e-3, "nthread": threads, "verbosity": 0, "seed": 1,
         "objective": {"binary": "binary:logistic", "multiclass": "multi:softprob", "regression": "reg:squarederror"}[task]}
    if task == "multiclass":
        p["num_class"] = len(classes)
    kinds = ["c" if f.get("levels") else "q" for f in features]
    data = {"feature_types": kinds, "enable_categorical": True, "nthread": threads}
    test = fold == 0
    start = time.perf_counter()
    m = xgb.train(p, xgb.QuantileDMatrix(x[~test], y[~test], max_bin=255, **data), params["rounds"])
    fit = time.perf_counter() - start
    start = time.perf_counter()
    m.predict(xgb.DMatrix(batch, **data))
    predict = time.perf_counter() - start
    return {"loss": [loss(task, "squared", 0, y[test], m.predict(xgb.DMatrix(x[test], **data)))], "train": [fit], "predict": [predict]}


def sklearn(x, y, task, classes, features, fold, k, params, threads, batch):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    cats = [i for i, f in enumerate(features) if f.get("levels")]
    make = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    m = make(max_iter=params["rounds"], max_leaf_nodes=31, min_samples_leaf=20, learning_rate=0.1, max_bins=255,
             early_stopping=False, categorical_features=cats or None, random_state=1)
    test = fold == 0
    start = time.perf_counter()
    m.fit(x[~test], y[~test])
    fit = time.perf_counter() - start
    say = m.predict if task == "regression" else m.predict_proba
    start = time.perf_counter()
    say(batch)
    predict = time.perf_counter() - start
    p = say(x[test])
    return {"loss": [loss(task, "squared", 0, y[test], p[:, 1] if task == "binary" else p)], "train": [fit], "predict": [predict]}


def lightgbm_batch(x, y, task, classes, features, fold, k, params, threads, batch, layout):
    extra = params | {layout: True, "force_row_wise": layout == "force_row_wise"}
    return lightgbm(x, y, task, classes, features, fold, k, extra, threads, batch)


def peers(binary, at_results, names):
    """Writes what benchstat reads: a line for each fit and each batch."""
    os.makedirs(at_results, exist_ok=True)
    sides = ["ours", "lightgbm", "xgboost", "sklearn"]
    losses = {}
    for name in names:
        make, extra = CASES[name]
        data, params = make(), {"rounds": 100} | extra
        fold = folds(data[1], data[2], 1, 0)
        batch = np.resize(data[0][fold == 0], (100_000, data[0].shape[1]))
        with tempfile.TemporaryDirectory() as at:
            write(at, *data, fold, 1)
            layouts = {n: lightgbm_batch(*data, fold, 1, params, 2, batch, n)["train"][0]
                       for _ in range(3) for n in ("force_row_wise", "force_col_wise")}
            layout = min(layouts, key=layouts.get)
            run = {
                "ours": lambda: ours(binary, at, params, 2, len(batch)),
                "lightgbm": lambda: lightgbm_batch(*data, fold, 1, params, 2, batch, layout),
                "xgboost": lambda: xgboost(*data, fold, 1, params, 2, batch),
                "sklearn": lambda: sklearn(*data, fold, 1, params, 2, batch),
            }
            for _ in range(8):
                for side in sides:
                    r = run[side]()
                    losses[name, side] = r["loss"][0]
                    label = name.replace(" ", "_").replace(",", "")
                    with open(os.path.join(at_results, side + ".txt"), "a") as f:
                        f.write(f"BenchmarkFit/{label} 1 {int(r['train'][0] * 1e9)} ns/op\n")
                        f.write(f"BenchmarkBatch/{label} 1 {int(r['predict'][0] * 1e9)} ns/op\n")
        print(name, layout, " ".join(f"{side} {losses[name, side]:.6g}" for side in sides), flush=True)


def quality(binary, names):
    print("| set | rows x columns | ours | LightGBM | difference | standard error |")
    print("|---|---|---|---|---|---|")
    for name in names:
        make, extra = CASES[name]
        data, params = make(), {"rounds": 100} | extra
        a, b = [], []
        for seed in range(6):
            fold = folds(data[1], data[2], 5, seed)
            with tempfile.TemporaryDirectory() as at:
                write(at, *data, fold, 5)
                a += ours(binary, at, params, 1)["loss"]
            b += lightgbm(*data, fold, 5, params, 1)["loss"]
        a, b = np.array(a), np.array(b)
        print(f"| {name} | {data[0].shape[0]} x {data[0].shape[1]} | {a.mean():.6g} | {b.mean():.6g} "
              f"| {(a.mean() / b.mean() - 1) * 100:+.2f} % | {(a - b).std(ddof=1) / np.sqrt(len(a)) / b.mean() * 100:.2f} % |", flush=True)


def speed(binary, names):
    print("| set | rows x columns | loss, ours | LightGBM | processor s, ours | LightGBM | ratio | wall s, ours | LightGBM | ratio "
          "| batch ratio | row us | saved KB |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in names:
        make, extra = CASES[name]
        data, params = make(), {"rounds": 100} | extra
        fold = folds(data[1], data[2], 1, 0)
        cpu, wall, batch, row = [[], []], [[], []], [[], []], []
        with tempfile.TemporaryDirectory() as at:
            write(at, *data, fold, 1)
            for _ in range(2 if data[0].size > 5e6 else 7):
                for threads in (1, 2):
                    both = [ours(binary, at, params, threads), lightgbm(*data, fold, 1, params, threads)]
                    for side, r in enumerate(both):
                        if threads == 1:
                            cpu[side] += r["cpu"]
                        else:
                            wall[side] += r["train"]
                            batch[side] += r["predict"]
                    row.append(both[0]["row_microseconds"])
        c, w, p = [[min(side) for side in times] for times in (cpu, wall, batch)]
        print(f"| {name} | {(fold != 0).sum()} x {data[0].shape[1]} | {both[0]['loss'][0]:.6g} | {both[1]['loss'][0]:.6g} "
              f"| {c[0]:.3f} | {c[1]:.3f} | {c[0] / c[1]:.2f} | {w[0]:.3f} | {w[1]:.3f} | {w[0] / w[1]:.2f} "
              f"| {p[0] / p[1]:.2f} | {min(row):.2f} | {both[0]['bytes'] / 1000:.0f} |", flush=True)


def main():
    binary, what, names = sys.argv[1], sys.argv[2], sys.argv[3:]
    {"quality": lambda: quality(binary, names or QUALITY),
     "speed": lambda: speed(binary, names or SPEED),
     "peers": lambda: peers(binary, names[0], names[1:] or PEERS)}[what]()


if __name__ == "__main__":
    main()
