"""Writes models of LightGBM and XGBoost, and what they answer to a few rows.

Run with the versions in bench/requirements.txt:

    python interchange/testdata/make.py [FOLDER [SEED]]

The default folder is the script's own. The data are made up. answers.json has,
for each model, rows (null is missing), raw scores and predictions. XGBoost adds
leaves up in float32; "exact" is the same sum over the leaves that it names
(pred_leaf), added up in float64.
"""
import json
import pathlib
import sys

import lightgbm
import numpy as np
import pandas
import xgboost

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
seed = int(sys.argv[2]) if len(sys.argv) > 2 else 7
random = np.random.default_rng(seed)
ROWS, LEVELS = 400, ["red", "green", "blue", "sea, deep", "été", "night"]
ASCII = [name.replace("é", "e") for name in LEVELS]  # XGBoost 3.2 cuts other names at the wrong bytes


def table():
    """Five columns: numbers with missing ones, with zeros, small whole ones, a
    category of 6 and one of 90 codes."""
    x = np.column_stack([
        random.normal(size=ROWS),
        np.where(random.random(ROWS) < 0.3, 0, random.normal(size=ROWS)),
        random.integers(-3, 4, ROWS),
        random.integers(0, len(LEVELS), ROWS),
        random.integers(0, 90, ROWS),
    ]).astype(float)
    score = np.nan_to_num(x[:, 0]) + 0.7 * (x[:, 1] == 0) + 0.3 * x[:, 2] + (x[:, 3] == 2) - (x[:, 4] % 7 == 3)
    x[random.random(ROWS) < 0.15, 0] = np.nan
    x[random.random(ROWS) < 0.1, 3] = np.nan
    return x, score + 0.3 * random.normal(size=ROWS)


X, SCORE = table()
NUMBERS = X[:, :3]
QUIET = np.nan_to_num(NUMBERS)


def strange(x, extremes):
    """Rows that were learnt from, and rows that nobody would think of."""
    rows = x[:8].copy()
    for j in range(x.shape[1]):
        for v in extremes + [np.nan, 0.0, -0.0]:
            row = x[int(random.integers(ROWS))].copy()
            row[j] = v
            rows = np.vstack([rows, row])
    return np.vstack([rows, np.zeros(x.shape[1]), np.full(x.shape[1], np.nan)])


def written(x):
    """Rows for JSON, which has no number for what is missing or infinite."""
    cell = lambda v: None if np.isnan(v) else str(v) if np.isinf(v) else float(v)
    return [[cell(v) for v in row] for row in np.atleast_2d(x)]


answers = {}


def answer(name, rows, **given):
    given = {k: np.asarray(v, dtype=float).reshape(len(rows), -1).tolist() for k, v in given.items()}
    answers[name] = {"rows": written(rows), **given}


def lgb(name, objective, x, y, rows=None, categories=(), rounds=4, **more):
    params = dict(objective=objective, num_leaves=7, min_data_in_leaf=8, verbose=-1, num_threads=1, seed=seed,
                  min_data_per_group=4, cat_smooth=1, learning_rate=0.3, deterministic=True, **more)
    booster = lightgbm.train(params, lightgbm.Dataset(x, y, categorical_feature=list(categories) or "auto"), rounds)
    booster.save_model(folder / f"lightgbm-{name}.txt")
    if rows is None:
        rows = strange(x, [1e300, -1e300, 1e-40, -1e-40, 9e-36, 1.1e-35, -2e-35, np.inf, -np.inf])
    answer(f"lightgbm-{name}.txt", rows, raw=booster.predict(rows, raw_score=True), prediction=booster.predict(rows))


def lightgbm_models():
    positive, classes = np.exp(SCORE / 2), np.digitize(SCORE, [-0.5, 0.8])
    lgb("regression", "regression", NUMBERS, SCORE)
    lgb("absolute", "regression_l1", NUMBERS, SCORE)
    lgb("quantile", "quantile", NUMBERS, SCORE, alpha=0.8)
    lgb("huber", "huber", NUMBERS, SCORE)
    lgb("fair", "fair", NUMBERS, SCORE)
    lgb("mape", "mape", NUMBERS, positive + 1)
    lgb("poisson", "poisson", NUMBERS, np.floor(positive))
    lgb("gamma", "gamma", NUMBERS, positive)
    lgb("tweedie", "tweedie", NUMBERS, np.where(positive < 1, 0, positive))
    lgb("binary", "binary", NUMBERS, SCORE > 0.3)
    lgb("cross-entropy", "cross_entropy", NUMBERS, 1 / (1 + np.exp(-SCORE)))
    lgb("multiclass", "multiclass", NUMBERS, classes, num_class=3)
    lgb("no-average", "binary", NUMBERS, SCORE > 0.3, boost_from_average=False)
    lgb("missing-none", "regression", QUIET, SCORE)
    lgb("missing-zero", "regression", NUMBERS, SCORE, zero_as_missing=True)
    lgb("missing-off", "regression", NUMBERS, SCORE, use_missing=False)
    lgb("forest", "binary", NUMBERS, SCORE > 0.3, boosting="rf", bagging_freq=1, bagging_fraction=0.6)
    lgb("dart", "regression", NUMBERS, SCORE, boosting="dart", drop_rate=0.5)
    lgb("only-missing", "regression", NUMBERS[:, :1] * 0, SCORE)
    lgb("constant", "regression", np.ones((ROWS, 1)), SCORE)
    codes = strange(X, [-1.0, 5.0, 6.0, 31.0, 32.0, 63.0, 64.0, 89.0, 90.0, 999.0, 2.7, -0.5])
    lgb("categories", "binary", X, SCORE > 0.3, codes, categories=(3, 4))
    lgb("categories-multiclass", "multiclass", X, classes, codes, categories=(3, 4), num_class=3)
    frame = pandas.DataFrame({"number": X[:, 0], "colour": pandas.Categorical.from_codes(np.nan_to_num(X[:, 3], nan=-1).astype(int), LEVELS)})
    lgb("pandas", "regression", frame, SCORE, codes[:, [0, 3]])


def xgb(name, objective, x, y, types=None, rounds=4, **more):
    params = dict(objective=objective, max_depth=3, nthread=1, seed=seed, max_cat_to_onehot=4, eta=0.3, **more)
    matrix = lambda v, label=None: xgboost.DMatrix(v, label, feature_types=types, enable_categorical=types is not None)
    booster = xgboost.train(params, matrix(x, y), rounds)
    booster.save_model(folder / f"xgboost-{name}.json")
    model = json.loads((folder / f"xgboost-{name}.json").read_text())["learner"]
    inner = model["gradient_booster"]
    weights, inner = inner.get("weight_drop"), inner.get("gbtree", inner)["model"]
    rows = strange(x, [-1.0, 5.0, 6.0, 63.0, 64.0, 89.0, 90.0, 999.0, 2.7, -0.5] if types else [3e38, -3e38, 1e-40, 1e-46])
    if not types:
        rows = np.vstack([rows, between(inner, rows)])
    leaf = booster.predict(matrix(rows), pred_leaf=True, strict_shape=True).reshape(len(rows), -1).astype(int)
    exact = np.zeros((len(rows), max(1, int(model["learner_model_param"]["num_class"]))))
    for t, tree in enumerate(inner["trees"]):
        value = np.array(tree["split_conditions"], dtype=np.float32).astype(float)
        exact[:, inner["tree_info"][t]] += value[leaf[:, t]] * (np.float32(weights[t]) if weights else 1)
    answer(f"xgboost-{name}.json", rows, exact=exact, raw=booster.predict(matrix(rows), output_margin=True),
           prediction=booster.predict(matrix(rows)))
    return booster


def between(model, rows):
    """Rows on and around thresholds, where rounding to float32 decides."""
    out = []
    for tree in model["trees"][:3]:
        for node, left in enumerate(tree["left_children"]):
            if left < 0:
                continue
            t = np.float32(tree["split_conditions"][node])
            before, after = np.nextafter(t, np.float32(-np.inf)), np.nextafter(t, np.float32(np.inf))
            for middle in [float(t), (float(before) + float(t)) / 2, (float(t) + float(after)) / 2]:
                for v in [np.nextafter(middle, -np.inf), middle, np.nextafter(middle, np.inf)]:
                    row = rows[int(random.integers(8))].copy()
                    row[tree["split_indices"][node]] = v
                    out.append(row)
    return np.array(out)[random.permutation(len(out))[:40]]


def xgboost_models():
    positive, classes = np.exp(SCORE / 2), np.digitize(SCORE, [-0.5, 0.8])
    booster = xgb("regression", "reg:squarederror", NUMBERS, SCORE)
    booster.save_model(folder / "xgboost-regression.ubj")
    answers["xgboost-regression.ubj"] = answers["xgboost-regression.json"]
    xgb("absolute", "reg:absoluteerror", NUMBERS, SCORE)
    xgb("quantile", "reg:quantileerror", NUMBERS, SCORE, quantile_alpha=0.8)
    xgb("huber", "reg:pseudohubererror", NUMBERS, SCORE)
    xgb("poisson", "count:poisson", NUMBERS, np.floor(positive))
    xgb("gamma", "reg:gamma", NUMBERS, positive)
    xgb("tweedie", "reg:tweedie", NUMBERS, np.where(positive < 1, 0, positive))
    xgb("binary", "binary:logistic", NUMBERS, SCORE > 0.3)
    xgb("logistic", "reg:logistic", NUMBERS, 1 / (1 + np.exp(-SCORE)))
    xgb("logitraw", "binary:logitraw", NUMBERS, SCORE > 0.3)
    xgb("multiclass", "multi:softprob", NUMBERS, classes, num_class=3)
    xgb("base-score", "binary:logistic", NUMBERS, SCORE > 0.3, base_score=0.2)
    xgb("forest", "multi:softprob", NUMBERS, classes, num_class=3, num_parallel_tree=3, subsample=0.6, rounds=2)
    xgb("dart", "reg:squarederror", NUMBERS, SCORE, booster="dart", rate_drop=0.5)
    xgb("categories", "binary:logistic", X, SCORE > 0.3, types=["q", "q", "q", "c", "c"])
    frame = pandas.DataFrame({"number": X[:, 0], "colour": pandas.Categorical.from_codes(np.nan_to_num(X[:, 3], nan=-1).astype(int), ASCII)})
    booster = xgboost.train(dict(objective="reg:squarederror", max_depth=3, nthread=1), xgboost.DMatrix(frame, SCORE, enable_categorical=True), 3)
    booster.save_model(folder / "xgboost-pandas.json")
    rows = strange(X, [])[:, [0, 3]]
    frame = pandas.DataFrame({"number": rows[:, 0], "colour": pandas.Categorical.from_codes(np.nan_to_num(rows[:, 1], nan=-1).astype(int), ASCII)})
    margin = booster.predict(xgboost.DMatrix(frame, enable_categorical=True))
    answer("xgboost-pandas.json", rows, raw=margin, prediction=margin)


folder.mkdir(exist_ok=True)
lightgbm_models()
xgboost_models()
lines = [f"{json.dumps(name)}: {json.dumps(a)}" for name, a in answers.items()]
(folder / "answers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
