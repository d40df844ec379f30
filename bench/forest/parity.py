"""Our forests and nearest neighbours beside scikit-learn's: same rows, folds
and parameters, both with two threads.

    go build -o /tmp/forest ./bench/forest
    python bench/forest/parity.py /tmp/forest [set ...]

For each set: losses on held-out rows of two partitions into five folds (one for
large sets), the standard error of the paired differences, seconds and processor
seconds of a fit (the least over folds, as the machine may have other work) and
microseconds of one row (scikit-learn's with one job, which is faster for one
row). Forests: ours read categories as they are, scikit-learn reads them one-hot;
both read missing numbers as they are. Neighbours: both read the same matrix,
one-hot, standardised, with the mean for missing.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "trees"))
import parity  # noqa: E402

warnings.filterwarnings("ignore", module="sklearn")

SETS = ["credit-g", "mlc-churn", "spambase", "splice", "diamonds"]
TREES, LEAST, NEAR = 100, 2, 20


def onehot(x, features, dense):
    cols = []
    for j, f in enumerate(features):
        if f.get("levels"):
            cols += [(x[:, j] == k).astype(float) for k in range(f["levels"])]
        else:
            cols.append(x[:, j])
    x = np.column_stack(cols)
    if dense:
        mean = np.nanmean(x, 0)
        x = np.where(np.isnan(x), mean, x)
        sd = x.std(0)
        x = (x - mean)[:, sd > 0] / sd[sd > 0]
    return x


def peers(task, features):
    # The features that ours tries by default are what the peer is told, so that
    # the work is the same.
    forest = {"n_estimators": TREES, "min_samples_leaf": LEAST, "n_jobs": 2, "random_state": 1}
    if task == "regression":
        return {"trees.forest.v1": lambda: RandomForestRegressor(max_features=1 / 3, **forest),
                "trees.extra.v1": lambda: ExtraTreesRegressor(max_features=1.0, **forest),
                "neighbours.knn.v1": lambda: KNeighborsRegressor(NEAR, n_jobs=2)}
    return {"trees.forest.v1": lambda: RandomForestClassifier(**forest),
            "trees.extra.v1": lambda: ExtraTreesClassifier(**forest),
            "neighbours.knn.v1": lambda: KNeighborsClassifier(NEAR, n_jobs=2)}


OURS = {"trees.forest.v1": {"trees": TREES, "min_rows": LEAST}, "trees.extra.v1": {"trees": TREES, "min_rows": LEAST},
        "neighbours.knn.v1": {"neighbours": NEAR, "smoothing": 0}}


def losses(m, task, x, y):
    if task == "regression":
        e = np.sqrt(np.mean((m.predict(x) - y) ** 2))
        return e, e
    p = m.predict_proba(x)
    at = y.astype(int)
    loss = -np.log(np.maximum(p[np.arange(len(y)), at], 1e-3)).mean()
    return loss, ((p - np.eye(p.shape[1])[at]) ** 2).sum(1).mean()


def peer(make, task, x, y, fold):
    out = {"loss": [], "square": [], "train": [], "cpu": []}
    for k in range(5):
        train, test = fold != k, fold == k
        m = make()
        begin, cpu = time.perf_counter(), time.process_time()
        m.fit(x[train], y[train])
        out["cpu"].append(time.process_time() - cpu)
        out["train"].append(time.perf_counter() - begin)
        loss, square = losses(m, task, x[test], y[test])
        out["loss"].append(loss)
        out["square"].append(square)
    m.set_params(n_jobs=1)
    predict = m.predict if task == "regression" else m.predict_proba
    rows, times = x[test][:20], []
    for _ in range(3):
        begin = time.perf_counter()
        for i in range(len(rows)):
            predict(rows[i:i + 1])
        times.append((time.perf_counter() - begin) / len(rows) * 1e6)
    return out | {"row_microseconds": min(times)}


def ours(binary, at, model):
    out = subprocess.run([binary, "-data", at, "-model", model, "-params", json.dumps(OURS[model]), "-threads", "2"],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def compare(binary, name, models):
    x, y, task, classes, features = parity.CASES[name][0]()
    dense = onehot(x, features, True)
    columns = [{"name": f"x{j}", "source": f"x{j}"} for j in range(dense.shape[1])]
    for model in models:
        both = [{"loss": [], "square": [], "train": [], "cpu": []} for _ in range(2)]
        for seed in range(1 if len(y) > 20000 else 2):
            fold = parity.folds(y, task, 5, seed)
            near = model.startswith("neighbours")
            with tempfile.TemporaryDirectory() as at:
                parity.write(at, dense if near else x, y, task, classes, columns if near else features, fold, 5)
                a = ours(binary, at, model)
            b = peer(peers(task, features)[model], task, dense if near else onehot(x, features, False), y, fold)
            for into, r in zip(both, (a, b)):
                for k in ("loss", "square", "train", "cpu"):
                    into[k] += r[k]
                into["row"] = r["row_microseconds"]
        line(name, x, model, a["bytes"], *both)


def line(name, x, model, size, a, b):
    cells = [name, f"{x.shape[0]} x {x.shape[1]}", model]
    for k in ("loss", "square"):
        ours, theirs = np.array(a[k]), np.array(b[k])
        d = (ours - theirs) / theirs.mean() * 100
        cells += [f"{ours.mean():.5g}", f"{theirs.mean():.5g}", f"{d.mean():+.2f} % ({d.std(ddof=1) / len(d) ** 0.5:.2f})"]
    for k in ("train", "cpu"):
        fit, theirs = np.min(a[k]), np.min(b[k])
        cells += [f"{fit:.3f}", f"{theirs:.3f}", f"{fit / theirs:.2f}"]
    cells += [f"{a['row']:.1f}", f"{b['row']:.0f}", f"{a['row'] / b['row']:.4f}", f"{size / 1024:.0f}"]
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    chosen = [s for s in sys.argv[2:] if s in SETS] or SETS
    models = [m for m in sys.argv[2:] if m in OURS] or list(OURS)
    print("| set | rows x columns | model | loss, ours | scikit-learn | difference (s.e.) | square, ours | scikit-learn | difference (s.e.) | fit s, ours | scikit-learn | ratio | processor s, ours | scikit-learn | ratio | row us, ours | scikit-learn | ratio | saved KB |")
    print("|" + "---|" * 19)
    for s in chosen:
        compare(sys.argv[1], s, models)
