"""Writes lightgbm.json: small data and the first tree that LightGBM 4.7.0 grows
on it, which the test reads. Run in this folder with LightGBM installed.

Numbers are positive and have few values, so that both programs cut the same
bins (LightGBM keeps a bin for zero).
"""

import json

import lightgbm as lgb
import numpy as np

r = np.random.default_rng(5)
n = 600
x = np.column_stack([
    r.integers(1, 120, n),
    r.integers(1, 40, n) / 8,
    np.where(r.random(n) < 0.2, np.nan, r.integers(1, 90, n)),
    r.integers(0, 14, n),
    r.integers(0, 3, n),
]).astype(float)
shift = r.normal(size=14)
score = (0.03 * x[:, 0] - 0.8 * x[:, 1] + np.where(np.isnan(x[:, 2]), 1.3, 0.02 * x[:, 2]) + 1.5 * shift[x[:, 3].astype(int)]
         + 0.9 * (x[:, 4] == 1) + 0.3 * x[:, 1] * (x[:, 0] > 60))
y = np.round(score + 0.5 * r.normal(size=n), 3)


def node(t):
    if "leaf_value" in t:
        return {"value": t["leaf_value"], "count": t.get("leaf_count", n)}
    out = {"feature": t["split_feature"], "gain": t["split_gain"], "count": t["internal_count"], "missing_left": t["default_left"],
           "left": node(t["left_child"]), "right": node(t["right_child"])}
    if t["decision_type"] == "==":
        out["set"] = [int(c) for c in t["threshold"].split("||")]
    else:
        out["threshold"] = t["threshold"]
    return out


base = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True}
cases = []
for name, objective, ours, extra in [
    ("squared", "regression", {}, {}),
    ("squared, penalties", "regression", {"lambda_l1": 2.0, "lambda_l2": 7.5, "min_gain": 0.5, "max_depth": 4},
     {"lambda_l1": 2.0, "lambda_l2": 7.5, "min_gain_to_split": 0.5, "max_depth": 4}),
    ("log-loss", "binary", {}, {}),
    ("small groups", "regression", {"min_data_per_group": 5.0, "cat_smooth": 1.0, "cat_l2": 0.5, "min_child_samples": 3.0, "max_cat_threshold": 4.0},
     {"min_data_per_group": 5, "cat_smooth": 1.0, "cat_l2": 0.5, "min_data_in_leaf": 3, "max_cat_threshold": 4}),
]:
    target = (y > np.median(y)).astype(float) if objective == "binary" else y
    data = lgb.Dataset(x, target, categorical_feature=[3, 4], params={"verbosity": -1})
    m = lgb.train(base | {"objective": objective, "num_iterations": 1, "num_leaves": 15} | extra, data)
    cases.append({"name": name, "params": ours | {"rounds": 1, "num_leaves": 15}, "binary": objective == "binary", "tree": node(m.dump_model()["tree_info"][0]["tree_structure"])})

with open("lightgbm.json", "w") as f:
    json.dump({"x": [[None if np.isnan(v) else v for v in row] for row in x.tolist()], "y": y.tolist(), "median": float(np.median(y)), "levels": [0, 0, 0, 14, 3], "cases": cases}, f, separators=(",", ":"))
