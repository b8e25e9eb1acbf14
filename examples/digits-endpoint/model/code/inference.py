"""The handlers that SageMaker's scikit-learn container calls.

A request is images of 8 x 8 pixels, each a row of 64 numbers from 0 to 16: as JSON
``{"instances": [[0, 0, 5, ...]]}``, or as CSV with one image on each line. The answer has, for each
image, the digit and how probable it is.
"""

import json
import os

import joblib
import numpy as np

PIXELS = 64


def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))


def input_fn(body, content_type):
    if content_type == "application/json":
        images = np.array(json.loads(body)["instances"], dtype=float)
    elif content_type == "text/csv":
        images = np.array([line.split(",") for line in body.split()], dtype=float)
    else:
        raise ValueError(f"Send application/json or text/csv, not {content_type}")
    if images.ndim != 2 or images.shape[1] != PIXELS:
        raise ValueError(f"Each image has {PIXELS} numbers; the request has shape {images.shape}")
    return images


def predict_fn(images, model):
    probabilities = model.predict_proba(images)
    best = probabilities.argmax(axis=1)
    return model.classes_[best], probabilities[np.arange(len(best)), best]


def output_fn(prediction, accept):
    digits, probabilities = prediction
    if accept == "text/csv":
        lines = [f"{digit},{share:.4f}" for digit, share in zip(digits, probabilities)]
        return "\n".join(lines) + "\n", "text/csv"
    answers = [
        {"digit": int(digit), "probability": round(float(share), 4)}
        for digit, share in zip(digits, probabilities)
    ]
    return json.dumps({"predictions": answers}), "application/json"
