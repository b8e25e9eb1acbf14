import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from understudy.runtimes.handlers import Context, Handlers, find_handlers

Find = Callable[[str], Handlers]


@pytest.fixture
def find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Find]:
    """Finds the handlers in a text."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text: str) -> Handlers:
        (tmp_path / "handlers_under_test.py").write_text(dedent(text))
        context = Context("/opt/ml/model")
        context.begin({"x-thing": "7"})
        return find_handlers("handlers_under_test.py", context)

    yield write
    sys.modules.pop("handlers_under_test", None)


def test_four_handlers_are_called_in_a_row(find: Find) -> None:
    handlers = find("""
        def model_fn(model_dir): return ["model of " + model_dir]
        def input_fn(body, content_type): return [body, content_type]
        def predict_fn(data, model): return data + model
        def output_fn(prediction, accept): return "+".join(prediction), accept
    """)
    model = handlers.load("/opt/ml/model")
    answer = handlers.transform(model, "1", "text/csv", "text/plain")
    assert answer == ("1+text/csv+model of /opt/ml/model", "text/plain")


def test_transform_fn_alone_does_it_all(find: Find) -> None:
    handlers = find("""
        def model_fn(model_dir): return "m"
        def transform_fn(model, body, content_type, accept):
            return "/".join((model, body, content_type, accept))
    """)
    assert handlers.transform(handlers.load("d"), "b", "c", "a") == "m/b/c/a"


@pytest.mark.parametrize("step", ["input_fn", "predict_fn", "output_fn"])
def test_transform_fn_is_not_combined_with_a_step(find: Find, step: str) -> None:
    with pytest.raises(ValueError, match="Cannot use transform_fn implementation in conjunction"):
        find(f"""
            def transform_fn(model, body, content_type, accept): return body
            def {step}(one, other): return one
        """)


def test_every_handler_may_ask_for_the_context(find: Find) -> None:
    handlers = find("""
        def model_fn(model_dir, context): return context.system_properties["model_dir"]
        def input_fn(body, content_type, context): return context.get_request_header(0, "X-Thing")
        def predict_fn(data, model, context): return model + data
        def output_fn(prediction, accept, context):
            return prediction + context.request_processor[0].get_request_properties()["x-thing"]
    """)
    model = handlers.load("/opt/ml/model")
    assert handlers.transform(model, "", "text/csv", "*/*") == "/opt/ml/model77"


def test_a_handler_with_another_number_of_arguments_fails_when_it_is_called(find: Find) -> None:
    handlers = find("""
        def model_fn(model_dir): return None
        def predict_fn(data): return data
    """)
    with pytest.raises(TypeError, match="predict_fn takes 1 arguments but 2 were given"):
        handlers.transform(handlers.load("d"), "[1]", "application/json", "application/json")


def test_pre_model_fn_and_model_warmup_fn_surround_model_fn(find: Find) -> None:
    handlers = find("""
        calls = []
        def pre_model_fn(model_dir): calls.append("pre " + model_dir)
        def model_fn(model_dir): calls.append("load"); return calls
        def model_warmup_fn(model_dir, model): calls.append("warm")
    """)
    assert handlers.load("d") == ["pre d", "load", "warm"]


def test_the_user_must_bring_model_fn(find: Find) -> None:
    # AWS: scikit-learn container: there is no default model_fn.
    with pytest.raises(NotImplementedError, match="Please provide a model_fn implementation"):
        find("").load("d")


def test_without_a_program_there_is_no_model_fn_either() -> None:
    handlers = find_handlers("no_such_program.py", Context("d"))
    with pytest.raises(NotImplementedError, match="Please provide a model_fn implementation"):
        handlers.load("d")


def test_the_other_steps_have_defaults(find: Find) -> None:
    handlers = find("""
        class Doubling:
            def predict(self, data):
                assert str(data.dtype) == "float32", data.dtype
                return data * 2
        def model_fn(model_dir): return Doubling()
    """)
    model = handlers.load("d")
    assert handlers.transform(model, "[[1, 2]]", "application/json", "text/csv") == (
        "2.0,4.0\n",
        "text/csv",
    )


def test_npy_keeps_its_type_on_the_way_in(find: Find) -> None:
    from understudy.runtimes.codecs import encode

    handlers = find("""
        class Naming:
            def predict(self, data): return [str(data.dtype)]
        def model_fn(model_dir): return Naming()
    """)
    body = encode(np.array([1], dtype=np.int64), "application/x-npy")
    answer = handlers.transform(handlers.load("d"), body, "application/x-npy", "application/json")
    assert answer == ('["int64"]', "application/json")


def test_what_importing_the_program_raises_is_raised(find: Find) -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        find("import no_such_library")
