"""A model of a file, judged in the parent: what the file does to its own process changes no verdict."""

import random
from pathlib import Path

import pytest

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.file_check import check_file
from tf_gd.diagnosis.model import model_job
from tf_gd.diagnosis.model.asked_in_child import check_model
from tf_gd.diagnosis.pipe import BrokenMessageError, pack, unpack
from tf_gd.diagnosis.program import LearnerProgram

MODEL = """
import numpy as np

draw = np.random.default_rng(3).standard_normal
params = {"w": draw(3), "b": 0.4}
data = {"x": draw((9, 3)), "y": draw(9), "note": "text"}

def loss(w, b, x, y, note):
    return np.mean((x @ w + b - y) ** 2)

def gradient(w, b, x, y, note):
    e = 2 * (x @ w + b - y) / len(y)
    return {"w": FACTOR * x.T @ e, "b": FACTOR * e.sum()}
"""
LAYER = """
import numpy as np

def relu_forward(x):
    return np.maximum(0, x), x

def relu_backward(dout, cache):
    return FACTOR * dout * (cache > 0)

relu_inputs = {"x": np.random.default_rng(0).standard_normal((4, 3))}
"""
TENSORFLOW = MODEL.replace("import numpy as np\n", "import numpy as np\nimport tensorflow as tf\n", 1).replace(
    "np.mean((x @ w + b - y) ** 2)", "tf.reduce_mean(tf.square(tf.linalg.matvec(x, w) + b - y))"
)
NO_USES = """
import numpy as np
import tensorflow as tf

params, data = {"w": np.array([0.5, 1.0, -2.0])}, {}

def loss(w):
    return tf.reduce_sum(tf.abs(w))

def gradient(w):
    return {"w": np.array([5.0, 1.0, 7.0])}
"""
LONG = ("builtins", "random")
REPLACEMENTS = {
    "builtins": "import builtins\nbuiltins.abs = lambda value: 0\nbuiltins.max = lambda *_, **__: 0",
    "numpy": "np.abs = np.absolute = lambda value: 0 * value\nnp.isclose = np.allclose = np.array_equal = "
    "lambda *_, **__: True\nnp.max = np.amax = lambda *_, **__: 0.0",
    "random": "np.random.default_rng = lambda *_: None",
    "ours": """
import sys
from tf_gd.diagnosis.gradient_check import GradientCheck
import tf_gd, tf_gd.diagnosis.model.model_check, tf_gd.diagnosis.model.judgement, tf_gd.diagnosis.model.element_verdict
right = GradientCheck("right")
for name, module in list(sys.modules.items()):
    if name.startswith("tf_gd"):
        for function in ("check_gradient", "check_layer", "checked", "check_model", "judge", "measure", "tolerance"):
            if hasattr(module, function):
                setattr(module, function, lambda *_, **__: right)
from tf_gd.diagnosis.model import element_verdict as ours
ours.Element.verdict = property(lambda self: ours.ElementVerdict.RIGHT)
""",
}


@pytest.fixture
def judged(tmp_path: Path):
    """Return a function that writes a file and returns the only check of it."""

    def check(source: str, factor: float = 1.0):
        path = tmp_path / "homework.py"
        path.write_text(source.replace("FACTOR", repr(factor)))
        (found,) = check_file(path).values()
        return found

    return check


@pytest.mark.corpus(3)
@pytest.mark.parametrize(
    ("source", "replacement"),
    [
        pytest.param(
            source, name, id=f"{kind}-{name}", marks=pytest.mark.slow if kind == "layer" and name in LONG else ()
        )
        for kind, source in (("model", MODEL), ("layer", LAYER))
        for name in REPLACEMENTS
    ],
)
def test_what_a_file_replaces_does_not_make_it_right(judged, source, replacement):
    check = judged(source + REPLACEMENTS[replacement], -1.0)
    assert check.verdict == "wrong", str(check)


def test_a_loss_in_tensorflow_is_judged_by_three_values_over_the_pipe(judged):
    assert judged(TENSORFLOW).verdict == "right"
    wrong = judged(TENSORFLOW + REPLACEMENTS["builtins"] + "\n" + REPLACEMENTS["ours"], -1.0)
    assert wrong.verdict == "wrong"
    assert "TensorFlow" in str(wrong)


@pytest.mark.slow
def test_a_loss_that_neither_adds_nor_gathers_its_parameters_is_explained_over_the_pipe(judged):
    check = judged(NO_USES)
    assert check.verdict == "wrong", str(check)
    assert [name for name, _ in check.diagnosis] == ["different"]


@pytest.mark.parametrize(
    "written",
    [
        "b'garbage'",
        "b'\\x00\\x00\\x00\\x02{}'",
        """(lambda body: len(body).to_bytes(4, 'big') + body)(b'{"record":{"verdict":"right"}}')""",
        """(lambda body: len(body).to_bytes(4, 'big') + body)(b'{"record":{"value":0.0}}')""",
    ],
)
def test_what_a_file_writes_to_the_pipe_is_no_answer(judged, written):
    flood = f"import os\nfor number in range(3, 30):\n    try:\n        os.write(number, {written})\n"
    check = judged(MODEL + flood + "    except OSError:\n        pass\n", -1.0)
    assert check.verdict == "cannot-tell", str(check)
    assert not check.compared


class InThisProcess:
    """A file's model, asked without a child; some answers are edited on their way."""

    time_limit, used = 20.0, 0.0

    def __init__(self, path: Path, pick: random.Random, rate: float) -> None:
        self._program, self._pick, self._rate = LearnerProgram(str(path)), pick, rate

    def run(self, job: str, own_work: float = 0.0, **options):
        assert job == model_job.__name__
        body = bytearray(pack(model_job.run(self._program, options))[4:])
        while self._pick.random() < self._rate:
            place = self._pick.randrange(len(body))
            body[place : place + self._pick.choice([1, 1, 1, 40])] = bytes(
                [self._pick.choice(b'0123456789e-.,"[]{}AZ')]
            )
        return unpack(bytes(body))


@pytest.mark.parametrize("count", [20, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("source", [MODEL, LAYER], ids=["model", "layer"])
def test_edited_answers_make_nothing_wrong_right(tmp_path, monkeypatch, source, count):
    path, verdicts = tmp_path / "homework.py", []
    path.write_text(source.replace("FACTOR", "-1.0"))
    what = "gradient" if source == MODEL else "relu_backward"
    for seed in range(count):
        pick = random.Random(seed)
        try:
            verdicts.append(check_model(InThisProcess(path, pick, pick.choice([0.03, 0.3])), what).verdict)
        except (Misbehaved, BrokenMessageError) as error:
            verdicts.append("cannot-check" if "\n" not in str(error) else "two lines")
    print({verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))})
    assert set(verdicts) == {"wrong", "cannot-tell", "cannot-check"}


OWN_SHAPE = """
import numpy as np
import tensorflow as tf

params, data = {"w": np.ones(3)}, {}

@tf.custom_gradient
def own(x):
    return tf.reduce_sum(x * x), lambda upstream: tf.zeros([5, 5], tf.float64)

def loss(w):
    return own(w)

def gradient(w):
    return 2 * w
"""


@pytest.mark.corpus(1)
@pytest.mark.parametrize(
    ("source", "headline"),
    [
        pytest.param(OWN_SHAPE, "your loss cannot be used", marks=pytest.mark.slow),  # TensorFlow is loaded anew
        pytest.param(
            OWN_SHAPE.replace("np.ones(3)", "np.array([np.nan])"),
            "your params cannot be used",
            marks=pytest.mark.slow,
        ),
        (LAYER.replace("FACTOR", "1.0").replace("return np", "return None and np"), "your forward cannot be used"),
        (LAYER.replace("relu_inputs", "other"), "your relu_backward could not be compared"),
    ],
    ids=["loss", "params", "forward", "inputs"],
)
def test_the_first_line_says_what_is_at_fault(judged, source, headline):
    check = judged(source)
    assert str(check).splitlines()[0] == f"CANNOT TELL: {headline}."
