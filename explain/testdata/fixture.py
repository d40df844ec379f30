"""Writes trees.json: trees of scikit-learn and LightGBM with their SHAP values.

Run with scikit-learn 1.9.1, LightGBM 4.7.0 and shap 0.51:

    python explain/testdata/fixture.py

The first case is the regression tree of depth 3 on scikit-learn's diabetes
data (Efron et al. 2004, public; scikit-learn is BSD-3). scikit-learn compares
features as 32-bit floats, so the rows are stored as such.
"""
import json
import pathlib

import lightgbm
import numpy as np
import shap
from sklearn.datasets import load_diabetes
from sklearn.inspection import permutation_importance
from sklearn.tree import DecisionTreeRegressor


def flat(root, describe):
    """Nodes in an order in which the right child follows the left one."""
    out, queue = [], [root]
    slots = [0]
    out.append(None)
    while queue:
        node, slot = queue.pop(0), slots.pop(0)
        entry, children = describe(node)
        if children:
            entry["left"] = len(out)
            out.extend([None, None])
            queue.extend(children)
            slots.extend([entry["left"], entry["left"] + 1])
        out[slot] = entry
    return out


def sklearn_tree(model):
    t = model.tree_

    def describe(i):
        e = {"value": float(t.value[i, 0, 0]), "cover": float(t.weighted_n_node_samples[i])}
        if t.children_left[i] < 0:
            return e, None
        e |= {"feature": int(t.feature[i]), "threshold": float(t.threshold[i])}
        return e, [t.children_left[i], t.children_right[i]]

    return flat(0, describe)


def lightgbm_tree(tree):
    def describe(n):
        if "leaf_value" in n:
            return {"value": n["leaf_value"], "cover": n.get("leaf_count", 0)}, None
        e = {"value": n["internal_value"], "cover": n["internal_count"], "feature": n["split_feature"],
             "threshold": n["threshold"], "missing_left": n["default_left"]}
        assert n["decision_type"] == "<=" and n["missing_type"] in ("NaN", "None"), n
        return e, [n["left_child"], n["right_child"]]

    return flat(tree["tree_structure"], describe)


def diabetes():
    x, y = load_diabetes(return_X_y=True)
    model = DecisionTreeRegressor(max_depth=3, random_state=0).fit(x, y)
    x32 = x.astype(np.float32)
    used = sorted({n["feature"] for n in sklearn_tree(model) if "feature" in n})
    slim = np.zeros_like(x32)
    slim[:, used] = x32[:, used]
    assert (model.predict(slim) == model.predict(x)).all()
    explainer = shap.TreeExplainer(model)
    rows = x32[:5].astype(float)
    importance = permutation_importance(model, x, y, n_repeats=50, random_state=0).importances_mean
    return {
        "name": "diabetes, one tree of scikit-learn", "outputs": 1, "features": 10, "tolerance": 1e-9,
        "reason": "shap sums in double precision; measured distance 1e-13",
        "trees": [sklearn_tree(model)], "rows": rows.tolist(),
        "phi": [[p.tolist()] for p in explainer.shap_values(rows)], "base": [float(np.ravel(explainer.expected_value)[0])],
        "raw": [[v] for v in model.predict(rows)],
        "pairs": explainer.shap_interaction_values(rows[:1])[0].tolist(),
    }, {
        "used": used, "columns": [[float(str(v)) for v in x32[:, j]] for j in used], "target": y.tolist(),
        "importance": importance[used].tolist(), "tolerance": 0.05,
        "reason": "mean of 50 shuffles of scikit-learn; a mean of 5 shuffles lies within 0.05",
    }


def boosted(name, classes, seed):
    rng = np.random.default_rng(seed)
    n, p = 400, 6
    x = np.round(rng.normal(size=(n, p)), 3)
    x[rng.random((n, p)) < 0.1] = np.nan
    score = 1.5 * np.nan_to_num(x[:, 0]) - np.nan_to_num(x[:, 1], nan=0.7) * np.nan_to_num(x[:, 2]) + 0.3 * rng.normal(size=n)
    y = np.digitize(score, [0] if classes == 2 else [-0.6, 0.6])
    params = {"objective": "binary" if classes == 2 else "multiclass", "num_class": classes if classes > 2 else 1,
              "num_leaves": 20, "min_data_in_leaf": 4, "learning_rate": 0.3, "verbose": -1, "seed": 1, "num_threads": 1}
    model = lightgbm.train(params, lightgbm.Dataset(x, y), num_boost_round=4)
    rows = x[:12]
    k = classes if classes > 2 else 1
    contrib = model.predict(rows, pred_contrib=True).reshape(len(rows), k, p + 1)
    raw = model.predict(rows, raw_score=True).reshape(len(rows), k)
    return {
        "name": name, "outputs": k, "features": p, "tolerance": 1e-9,
        "reason": "LightGBM's own contributions in double precision; measured distance 1e-14",
        "trees": [lightgbm_tree(t) for t in model.dump_model()["tree_info"]],
        "rows": [[None if np.isnan(v) else v for v in r] for r in rows.tolist()],
        "phi": contrib[:, :, :p].tolist(), "base": contrib[0, :, p].tolist(), "raw": raw.tolist(),
    }


tree, permutation = diabetes()
cases = [tree, boosted("LightGBM, two classes with missing values", 2, 1), boosted("LightGBM, three classes with missing values", 3, 2)]
here = pathlib.Path(__file__)
here.with_name("trees.json").write_text(json.dumps({"cases": cases}, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")
here.with_name("diabetes.json").write_text(json.dumps(permutation, separators=(",", ":")) + "\n")
