package interchange

import (
	"fmt"
	"strings"

	"bespoke/model"
)

// objective is one row of the table of objectives: one that both programs know,
// with one link from raw scores to predictions.
type objective struct {
	task model.Task
	// ours is the name in the package trees.
	ours string
	// lightgbm and xgboost are the names in the other programs. The first one is
	// written.
	lightgbm, xgboost []string
	// margin takes XGBoost's base score to the scale of raw scores; nil leaves
	// it as it is.
	margin func(float32) float32
}

// objectives is the table. Objectives that are not in it are refused, since
// their raw scores mean something else or their link is not known here.
var objectives = []objective{
	{task: model.Regression, ours: "squared", lightgbm: []string{"regression"}, xgboost: []string{"reg:squarederror"}},
	{task: model.Regression, ours: "absolute", lightgbm: []string{"regression_l1", "mape"}, xgboost: []string{"reg:absoluteerror"}},
	{task: model.Regression, ours: "quantile", lightgbm: []string{"quantile"}, xgboost: []string{"reg:quantileerror"}},
	{task: model.Regression, ours: "huber", lightgbm: []string{"huber"}, xgboost: []string{"reg:pseudohubererror"}},
	{task: model.Regression, ours: "fair", lightgbm: []string{"fair"}},
	{task: model.Regression, ours: "poisson", lightgbm: []string{"poisson"}, xgboost: []string{"count:poisson"}, margin: logarithm},
	{task: model.Regression, ours: "gamma", lightgbm: []string{"gamma"}, xgboost: []string{"reg:gamma"}, margin: logarithm},
	{task: model.Regression, ours: "tweedie", lightgbm: []string{"tweedie"}, xgboost: []string{"reg:tweedie"}, margin: logarithm},
	{task: model.Binary, ours: "log-loss", lightgbm: []string{"binary", "cross_entropy"}, xgboost: []string{"binary:logistic", "reg:logistic"}, margin: logit},
	{task: model.Binary, ours: "log-loss", xgboost: []string{"binary:logitraw"}},
	{task: model.Multiclass, ours: "log-loss", lightgbm: []string{"multiclass"}, xgboost: []string{"multi:softprob", "multi:softmax"}},
}

// search finds the first row of the table with one of the names that of gives.
func search(want string, of func(o *objective) []string) (*objective, error) {
	var known []string
	for i := range objectives {
		for _, name := range of(&objectives[i]) {
			if name == want {
				return &objectives[i], nil
			}
			known = append(known, name)
		}
	}
	return nil, fmt.Errorf("objective %q is not one that can be carried over; there are %s", want, strings.Join(known, ", "))
}

// fromLightGBM reads the words of an objective line, such as "binary sigmoid:1".
func fromLightGBM(line string) (*objective, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, fmt.Errorf("there is no objective; a model that was trained with an objective of one's own does not say what its scores mean")
	}
	o, err := search(words[0], func(o *objective) []string { return o.lightgbm })
	if err != nil {
		return nil, err
	}
	for _, w := range words[1:] {
		if w == "sigmoid:1" || strings.HasPrefix(w, "num_class:") {
			continue
		}
		return nil, fmt.Errorf("objective %q: %q changes what scores mean and cannot be carried over", line, w)
	}
	return o, nil
}

// forLightGBM is the objective line of a model of ours.
func forLightGBM(task model.Task, ours string, classes int) (string, error) {
	for i := range objectives {
		o := &objectives[i]
		if o.task != task || o.ours != ours || len(o.lightgbm) == 0 {
			continue
		}
		switch task {
		case model.Binary:
			return o.lightgbm[0] + " sigmoid:1", nil
		case model.Multiclass:
			return fmt.Sprintf("%s num_class:%d", o.lightgbm[0], classes), nil
		}
		return o.lightgbm[0], nil
	}
	return "", fmt.Errorf("objective %q of the task %s has no equal in LightGBM", ours, task)
}
