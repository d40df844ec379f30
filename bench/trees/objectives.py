"""Our objectives and ways of sampling rows beside LightGBM's: same rows, folds
and parameters, on real sets.

    go build -o /tmp/trees ./bench/trees
    python bench/trees/objectives.py /tmp/trees objectives [case ...]
    python bench/trees/objectives.py /tmp/trees sampling

Figures are means over two partitions into five folds, and standard errors of the
paired differences. Losses are those that are minimised, per row, less what does
not depend on the prediction; for ranking 1 - NDCG of the first 10.
"""

import os
import subprocess
import sys
import json
import tempfile

import lightgbm as lgb
import numpy as np

from parity import NAMES, folds, frame_set, sets, write


def shoppers(target, hidden):
    frame = sets._csv("online-shoppers", "online_shoppers_intention.csv")
    y = frame[target].to_numpy(float)
    cols, features = [], []
    for c in frame.columns:
        if c in [target] + hidden:
            continue
        if c in ("Month", "VisitorType"):
            codes = frame[c].astype("category").cat
            cols.append(codes.codes.to_numpy(float))
            features.append({"name": c, "levels": len(codes.categories)})
        else:
            cols.append(frame[c].to_numpy(float))
            features.append({"name": c})
    return np.column_stack(cols), y, "regression", [], features


def films():
    """Which of the films that somebody rated they liked more. Of a film, its
    genres, its year and by how many it was rated; of the viewer, how many they
    rated, how many before, and the share of each genre among their films, as far as the row's own film
    does not come in."""
    frame = sets._csv("movielens-small", "movielens.csv").dropna(subset=["year", "genres"]).sort_values(["userId", "timestamp"], kind="stable").reset_index(drop=True)
    genres = frame["genres"].str.get_dummies("|")
    user = frame.groupby("userId")
    kinds = (genres.groupby(frame["userId"]).transform("sum") - genres).div(np.maximum(1, user["rating"].transform("size") - 1), axis=0)
    count = frame.groupby("movieId")["rating"].transform("size")
    x = np.column_stack([genres.to_numpy(float), kinds.to_numpy(float), frame["year"], count, user.cumcount(), user["rating"].transform("size")]).astype(float)
    y = np.floor(frame["rating"].to_numpy(float))
    y = np.clip(y - 1, 0, 4)
    return x, y, "regression", [], [{"name": f"x{i}"} for i in range(x.shape[1])], frame["userId"].to_numpy(np.int32)


# Name -> (rows, our parameters, LightGBM's).
CASES = {
    "online-shoppers, pages, poisson": (lambda: shoppers("ProductRelated", ["ProductRelated_Duration"]), {"objective": "poisson"}, {"objective": "poisson"}),
    "the same with leaves of 1 row": (lambda: shoppers("ProductRelated", ["ProductRelated_Duration"]), {"objective": "poisson", "min_child_samples": 1}, {"objective": "poisson", "min_data_in_leaf": 1}),
    "online-shoppers, values, tweedie 1.5": (lambda: shoppers("PageValues", ["Revenue"]), {"objective": "tweedie"}, {"objective": "tweedie"}),
    "diamonds, gamma": (lambda: frame_set("diamonds"), {"objective": "gamma"}, {"objective": "gamma"}),
    "diamonds, huber 500": (lambda: frame_set("diamonds"), {"objective": "huber", "delta": 500}, {"objective": "huber", "alpha": 500}),
    "diamonds, huber 500, leaves as steps": (lambda: frame_set("diamonds"), {"objective": "huber", "delta": 500, "leaf_values": "step"}, {"objective": "huber", "alpha": 500}),
    "diamonds, fair 500, beside squared": (lambda: frame_set("diamonds"), {"objective": "fair", "delta": 500}, {"objective": "regression"}),
    "diamonds, huber 500, beside squared": (lambda: frame_set("diamonds"), {"objective": "huber", "delta": 500}, {"objective": "regression"}),
    "movielens, lambdarank 10": (films, {"objective": "lambdarank", "truncation": 10}, {"objective": "lambdarank", "lambdarank_truncation_level": 10}),
}


def ndcg(y, p, groups, first=10):
    values = []
    for g in np.unique(groups):
        grade, score = y[groups == g], p[groups == g]
        discount = 1 / np.log2(2 + np.arange(min(first, len(grade))))
        top = np.sort(2 ** grade - 1)[::-1][:first] @ discount
        order = np.argsort(-score, kind="stable")[:first]
        values.append((2 ** grade[order] - 1) @ discount / top if top > 0 else 1)
    return np.mean(values)


def loss(params, y, p, groups):
    name, delta = params.get("objective", "squared"), params.get("delta", 1)
    d = np.abs(y - p)
    if name == "poisson":
        return np.mean(p - y * np.log(p))
    if name == "gamma":
        return np.mean(y / p + np.log(p))
    if name == "tweedie":
        return np.mean(p ** 0.5 / 0.5 + y * p ** -0.5 / 0.5)
    if name == "huber":
        return np.mean(np.where(d <= delta, d * d / 2, delta * (d - delta / 2)))
    if name == "fair":
        return np.mean(delta ** 2 * (d / delta - np.log1p(d / delta)))
    if name == "lambdarank":
        return 1 - ndcg(y, p, groups)
    return np.sqrt(np.mean(d ** 2))


def theirs(x, y, task, classes, features, groups, fold, params, ours):
    names = {NAMES.get(n, n): v for n, v in params.items()}
    p = {"num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1, "num_iterations": 100} | names
    cats = [i for i, f in enumerate(features) if f.get("levels")]
    out = []
    for f in range(5):
        test = fold == f
        sizes = None if groups is None else np.unique(groups[~test], return_counts=True)[1]
        m = lgb.train(p, lgb.Dataset(x[~test], y[~test], group=sizes, categorical_feature=cats, params={"verbosity": -1}))
        pred = m.predict(x[test])
        if task == "binary":
            pred = np.clip(pred, 1e-15, 1 - 1e-15)
            out.append(-np.mean(np.where(y[test] == 1, np.log(pred), np.log(1 - pred))))
        else:
            out.append(loss(ours, y[test], pred, None if groups is None else groups[test]))
    return out


def both(binary, data, ours, other, other_name=True):
    x, y, task, classes, features, *rest = data
    groups = rest[0] if rest else None
    a, b = [], []
    for seed in range(2):
        if groups is None:
            fold = folds(y, task, 5, seed)
        else:
            of = folds(np.zeros(groups.max() + 1), "regression", 5, seed)
            fold = of[groups]
        with tempfile.TemporaryDirectory() as at:
            write(at, x, y, task, classes, features, fold, 5)
            if groups is not None:
                groups.astype("<i4").tofile(os.path.join(at, "group.bin"))
            text = subprocess.run([binary, "-data", at, "-params", json.dumps({"rounds": 100} | ours), "-threads", "1"],
                                  check=True, capture_output=True, text=True).stdout
            a += json.loads(text)["loss"]
        if other is not None:
            b += theirs(x, y, task, classes, features, groups, fold, other, ours)
    return np.array(a), np.array(b)


def row(name, data, a, b):
    print(f"| {name} | {data[0].shape[0]} x {data[0].shape[1]} | {a.mean():.6g} | {b.mean():.6g} "
          f"| {(a.mean() - b.mean()) / abs(b.mean()) * 100:+.2f} % | {(a - b).std(ddof=1) / np.sqrt(len(a)) / abs(b.mean()) * 100:.2f} % |", flush=True)


def objectives(binary, names):
    print("| set and objective | rows x columns | ours | LightGBM | difference | standard error |\n|---|---|---|---|---|---|")
    for name in names or CASES:
        make, ours, other = CASES[name]
        data = make()
        row(name, data, *both(binary, data, ours, other))


SAMPLING = {
    "goss 0.2 + 0.1": ({"sampling": "goss"}, {"data_sample_strategy": "goss"}),
    "mvs 0.3": ({"sampling": "mvs", "bagging_fraction": 0.3}, None),
    "bag 0.3": ({"bagging_fraction": 0.3, "bagging_freq": 1}, {"bagging_fraction": 0.3, "bagging_freq": 1}),
    "mvs 0.1": ({"sampling": "mvs", "bagging_fraction": 0.1}, None),
    "bag 0.1": ({"bagging_fraction": 0.1, "bagging_freq": 1}, None),
}


def sampling(binary, names):
    print("| set | rows of a tree | ours | beside all rows | standard error | LightGBM |\n|---|---|---|---|---|---|")
    for name in names or ["diamonds", "bank-costs"]:
        data = frame_set(name)
        objective = {"objective": "binary" if data[2] == "binary" else "regression"}
        full, other = both(binary, data, {}, objective)
        print(f"| {name} | all | {full.mean():.6g} | | | {other.mean():.6g} |", flush=True)
        for what, (ours, their) in SAMPLING.items():
            a, b = both(binary, data, ours, None if their is None else objective | their)
            print(f"| {name} | {what} | {a.mean():.6g} | {(a.mean() / full.mean() - 1) * 100:+.2f} % "
                  f"| {(a - full).std(ddof=1) / np.sqrt(len(a)) / full.mean() * 100:.2f} % | {f'{b.mean():.6g}' if len(b) else ''} |", flush=True)


if __name__ == "__main__":
    {"objectives": objectives, "sampling": sampling}[sys.argv[2]](sys.argv[1], sys.argv[3:])
