"""Predicts with LightGBM what the tests wrote: predict.py FOLDER

For every model *.txt with its rows *.txt.rows.json (null is missing), raw
scores and predictions go to answers.json. Each model is also written again by
LightGBM and explained, which needs its counts.
"""
import json
import pathlib
import sys

import lightgbm
import numpy as np

folder = pathlib.Path(sys.argv[1])
answers = {}
for path in sorted(folder.glob("*.txt")):
    rows = json.loads((folder / (path.name + ".rows.json")).read_text())
    x = np.array([[np.nan if v is None else v for v in row] for row in rows])
    booster = lightgbm.Booster(model_file=path)
    raw = booster.predict(x, raw_score=True)
    again = lightgbm.Booster(model_str=booster.model_to_string())
    assert np.array_equal(raw, again.predict(x, raw_score=True))
    json.loads(json.dumps(booster.dump_model()))
    booster.predict(x, pred_contrib=True)
    shape = (len(rows), -1)
    answers[path.name] = {
        "rows": rows,
        "raw": raw.reshape(shape).tolist(),
        "prediction": booster.predict(x).reshape(shape).tolist(),
    }
(folder / "answers.json").write_text(json.dumps(answers))
