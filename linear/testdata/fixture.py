"""Writes sklearn.json: coefficients of scikit-learn's linear models.

Run with scikit-learn 1.9.1:  python linear/testdata/fixture.py

The rows are drawn once and rounded, so that the file is small and holds the
very numbers both sides see. scikit-learn runs with tolerances far below ours,
which leaves its own error under 1e-6.
"""
import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge

warnings.simplefilter("error")
rng = np.random.default_rng(7)
n = 90
x = rng.normal(size=(n, 5))
x[:, 3] = 0.8 * x[:, 0] + 0.6 * x[:, 3]  # correlated
x[:, 4] = (x[:, 4] > 0.3).astype(float)  # an indicator
x = np.round(x, 3)
far = np.round(x * [1, 200, 0.01, 5, 1] + [0, 5000, 3, -40, 0], 4)  # as raw columns are
score = 1.2 * x[:, 0] - 0.8 * x[:, 1] + 0.5 * x[:, 4]
binary = (score + rng.logistic(size=n) > 0.4).astype(int)
three = np.digitize(score + 0.7 * rng.normal(size=n), [-0.7, 0.9])
number = np.round(30 + 4 * score + 2 * x[:, 2] + rng.normal(size=n), 3)
weights = np.round(rng.uniform(0.2, 3, size=n), 2)


def case(name, entry, data, y, params, model, w=None):
    model.fit(data, y, sample_weight=w)
    coef = np.atleast_2d(model.coef_)
    return {
        "name": name, "entry": entry, "data": "far" if data is far else "near",
        "target": {id(binary): "binary", id(three): "three", id(number): "number"}[id(y)],
        "weighted": w is not None, "params": params,
        "weights": coef.tolist(), "intercepts": np.atleast_1d(model.intercept_).tolist(),
    }


def newton(c, **more):
    return LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=1000, **more)


def saga(c, ratio):
    return LogisticRegression(C=c, l1_ratio=ratio, solver="saga", tol=1e-12, max_iter=1_000_000, random_state=0)


def net(alpha, ratio):
    return ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-14, max_iter=1_000_000)


logistic, ridge, elastic = "linear.logistic.v1", "linear.ridge.v1", "linear.elasticnet.v1"
cases = [
    case("binary ridge", logistic, x, binary, {"c": 1}, newton(1)),
    case("binary weak penalty, raw columns", logistic, far, binary, {"c": 100}, newton(100)),
    case("binary weighted", logistic, x, binary, {"c": 0.3}, newton(0.3), weights),
    case("binary lasso", logistic, x, binary, {"c": 0.2, "l1_ratio": 1}, saga(0.2, 1)),
    case("binary mixed, weighted", logistic, x, binary, {"c": 0.5, "l1_ratio": 0.4}, saga(0.5, 0.4), weights),
    case("three classes ridge", logistic, x, three, {"c": 1}, newton(1)),
    case("three classes weighted, raw columns", logistic, far, three, {"c": 10}, newton(10), weights),
    case("three classes mixed", logistic, x, three, {"c": 0.3, "l1_ratio": 0.7}, saga(0.3, 0.7)),
    case("ridge", ridge, x, number, {"alpha": 1}, Ridge(alpha=1, solver="cholesky")),
    case("ridge weighted, raw columns", ridge, far, number, {"alpha": 20}, Ridge(alpha=20, solver="cholesky"), weights),
    case("least squares", ridge, x, number, {"alpha": 0}, Ridge(alpha=0, solver="cholesky")),
    case("elastic net", elastic, x, number, {"alpha": 0.5, "l1_ratio": 0.5}, net(0.5, 0.5)),
    case("lasso drops features", elastic, x, number, {"alpha": 1, "l1_ratio": 1}, net(1, 1)),
    case("elastic net weighted, raw columns", elastic, far, number, {"alpha": 0.2, "l1_ratio": 0.3}, net(0.2, 0.3), weights),
]
out = {
    "made_by": f"scikit-learn {sklearn.__version__}",
    "tolerance": 1e-4,
    "reason": "both sides stop at a small slope; the distance left to the optimum is far below 1e-4 on these rows",
    "near": x.tolist(), "far": far.tolist(), "binary": binary.tolist(), "three": three.tolist(),
    "number": number.tolist(), "row_weights": weights.tolist(), "cases": cases,
}
path = pathlib.Path(__file__).with_name("sklearn.json")
path.write_text(json.dumps(out, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")
