"""Generated code in PyTorch: the exported file's numbers, gradients, PyTorch's own tools; and weights back."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.runtime.session import Session
from cnngraph.torch import load_weights, module
from cnngraph.torch.generate import generate
from cnngraph.weights.match import expected
from tests.networks import load
from tests.onnx.test_values import CASES as KINDS
from tests.parity.random_networks import spec as random_spec
from tests.parity.test_random import CLOSE as ROUNDED
from tests.parity.test_random import filled, is_mended_in_1_32
from tests.parity.test_random import given as inputs_of
from tests.parity.test_random import ours as by_onnx
from tests.parity.test_random import recorded as recorded_random
from tests.torch.numbers import CLOSE, SHIPPED, built, difference, given, is_close, key, of_kind, rounding

torch = pytest.importorskip("torch", reason="pip install 'cnngraph[parity]'")

LARGE = ("inception_v3", "yolov2", "unet", "densenet121")
"""With these the quick tests would take minutes."""
NAMES = [name for name, params in SHIPPED if not params and name not in LARGE]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)  # the tensors are small
    torch.manual_seed(0)


# Numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", KINDS)
def test_each_kind_with_each_argument(case: str, tmp_path: Path) -> None:
    made = generate(of_kind(case))
    assert difference(made.network, built(made), tmp_path / "m.onnx") <= CLOSE


@pytest.mark.parametrize(("name", "params"), SHIPPED, ids=[key(*case) for case in SHIPPED])
def test_networks_that_ship(name: str, params: dict[str, Any], tmp_path: Path) -> None:
    made = generate(load(name, **params))
    far = difference(made.network, module := built(made), tmp_path / "m.onnx")
    assert far <= CLOSE or is_close(far, rounding(made.network, module))


@pytest.mark.parametrize("part", range(6))
def test_random_networks(part: int, tmp_path: Path) -> None:
    for case in recorded_random()[part::12]:
        network, seed = parse(random_spec(case["seed"])), case["seed"]
        weights = {name: filled(seed, name, shape) for name, shape in expected(network).items()}
        try:
            wanted = by_onnx(network, weights, tmp_path / "m.onnx", seed)
        except CnngraphError as error:
            if not is_mended_in_1_32(error):
                raise
            continue
        made = load_weights(module(network), weights).eval().double()
        with torch.no_grad():
            given = (torch.from_numpy(array).double() for array in inputs_of(network).values())
            found = getattr(made, "predict", made)(*given)
        for output, tensor in zip(network.outputs, found if isinstance(found, tuple) else [found], strict=True):
            want = wanted[output.name]
            assert tuple(tensor.shape) == want.shape, case["spec"]
            assert np.abs(tensor.numpy() - want).max() <= ROUNDED * np.abs(want).max(), case["spec"]


def test_arguments_make_the_network_of_other_params(tmp_path: Path) -> None:
    made = generate(load("resnet"))
    network = generate(load("resnet", depth=18)).network
    assert difference(network, built(made, depth=18), tmp_path / "m.onnx") <= CLOSE


@pytest.mark.parametrize("size", [33, 40])
def test_other_sizes_run_where_the_network_allows(size: int, tmp_path: Path) -> None:
    """TensorFlow's padding hangs on the size."""
    text = "net t\ninput {0}x{0}x3\nconv 4 3x3 s=2 same_upper relu\nmaxpool 3x3 s=2 ceil\nconv 2 3x3 s=2 same_lower\n"
    made = built(generate(parse(text.format(32))))
    assert difference(parse(text.format(size)), made, tmp_path / "m.onnx") <= CLOSE


def test_free_sizes(tmp_path: Path) -> None:
    made = generate(
        parse("net t\ninput (?H, ?W, 3)\nconv 4 3x3 same -> upsample 2 bilinear\navgpool 3x3 s=2 p=1 ceil\n")
    )
    assert difference(made.network, built(made), tmp_path / "m.onnx") <= CLOSE


def test_predict_gives_what_the_spec_does(tmp_path: Path) -> None:
    network = load("googlenet", aux=True)
    made = module(network).eval()
    logits, parts = made(x := torch.randn(1, 3, 224, 224)), made.predict(x)
    assert len(logits) == 3
    for one, other in zip(logits, parts, strict=True):
        torch.testing.assert_close(one.softmax(1), other)


# Training ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_weight_has_a_gradient(name: str) -> None:
    network = load(name)
    made = module(network).train()
    out = made(*map(torch.from_numpy, given(network).values()))
    out.square().mean().backward()
    without = [key for key, weight in made.named_parameters() if weight.grad is None]
    assert without == []
    assert all(weight.grad.isfinite().all() for weight in made.parameters())


def test_weights_start_as_the_paper_says() -> None:
    made = module(parse("net t\ninput 8x8x64\nconv 256 3x3 same relu\n"))
    assert float(made.conv1.weight.detach().std()) == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)
    assert float(made.conv1.bias.detach().abs().max()) == 0


def test_what_is_frozen_is_not_trained() -> None:
    made = module(parse("net t\ninput 8x8x3\nconv 4 3x3 bn relu @freeze\nconv 2 1x1\n"))
    assert {name for name, weight in made.named_parameters() if weight.requires_grad} == {"conv2.weight", "conv2.bias"}
    before = made.conv1.bn.running_mean.clone()
    made.train()(torch.randn(2, 3, 8, 8))
    assert torch.equal(made.conv1.bn.running_mean, before)


@pytest.mark.parametrize("name", ["lenet5", "resnet", "shufflenet_v2", "squeezenet"])
def test_torch_export_gives_the_same(name: str) -> None:
    network = load(name)
    made = module(network).eval()
    example = tuple(map(torch.from_numpy, given(network).values()))
    with torch.no_grad():
        torch.testing.assert_close(torch.export.export(made, example).module()(*example), made(*example))


def test_torch_fx_compile_and_deepcopy_take_it() -> None:
    import copy

    made = module(load("resnet", depth=18)).eval()
    x = torch.randn(1, 3, 64, 64)
    compiled = torch.compile(made, backend="eager", fullgraph=True)  # traced whole, and run without a C compiler
    with torch.no_grad():
        for other in (torch.fx.symbolic_trace(made), copy.deepcopy(made), compiled):
            torch.testing.assert_close(other(x), made(x))


# Weights back ------------------------------------------------------------------------------------

TEXT = "net tiny\ninput 8x8x3\nconv 4 3x3 bn relu -> conv 4 3x3 -> avgpool global -> flatten\nsoftmax 5\n"
TINY = parse(TEXT)


def answers(network: Network, weights: Any, x: Any, file: Path) -> Any:
    network.export(file, weights)
    return next(iter(Session(file).run({"image": x.numpy()}).values()))


@pytest.mark.parametrize("wrapped", ["plain", "checkpoint", "module.", "_orig_mod.", "_orig_mod.module."])
def test_what_was_trained_comes_back_by_name(wrapped: str, tmp_path: Path) -> None:
    from cnngraph.weights.files import FileWeights

    made = module(TINY)
    optimizer = torch.optim.SGD(made.parameters(), 0.1)
    for _ in range(3):
        loss = torch.nn.functional.cross_entropy(made(torch.randn(4, 3, 8, 8)), torch.randint(5, (4,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    state: Any = made.state_dict()
    if "." in wrapped:
        state = {f"{wrapped}{name}": tensor for name, tensor in state.items()}
    if wrapped == "checkpoint":
        state = {"model": state, "optimizer": optimizer.state_dict(), "epoch": 3}
    torch.save(state, tmp_path / "w.pth")
    assert {match.how for match in FileWeights(tmp_path / "w.pth", TINY).matching.matches} == {"name"}
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        wanted = made.eval().predict(x).numpy()
    np.testing.assert_allclose(answers(TINY, tmp_path / "w.pth", x, tmp_path / "m.onnx"), wanted, atol=1e-6)
    again = load_weights(module(TINY), tmp_path / "w.pth").eval()
    with torch.no_grad():
        np.testing.assert_array_equal(again.predict(x).numpy(), wanted)


def test_a_pickled_module_is_refused(tmp_path: Path) -> None:
    made = module(TINY)
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 2)), tmp_path / "w.pth")
    with pytest.raises(CnngraphError, match="E0702"):
        load_weights(made, tmp_path / "w.pth")


def test_a_changed_spec_is_told_apart_and_nothing_is_changed(tmp_path: Path) -> None:
    made = module(TINY)
    torch.save(made.state_dict(), tmp_path / "w.pth")
    other = module(parse(TEXT.replace("conv 4 3x3 bn", "conv 6 3x3 bn")))
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    with pytest.raises(CnngraphError, match="E0704"):
        load_weights(other, tmp_path / "w.pth")
    assert all(torch.equal(before[name], tensor) for name, tensor in other.state_dict().items())


def test_all_but_a_head_of_other_classes() -> None:
    old = module(TINY)
    new = module(parse(TEXT.replace("softmax 5", "softmax 7")))
    head = new.fc1.weight.clone()
    load_weights(new, {name: tensor.numpy() for name, tensor in old.state_dict().items()}, fresh=["fc1"])
    assert torch.equal(new.conv1.weight, old.conv1.weight)
    assert torch.equal(new.conv1.bn.running_var, old.conv1.bn.running_var)
    assert torch.equal(new.fc1.weight, head)


def test_names_that_were_changed_are_found() -> None:
    network = parse("net t\ninput 8x8x3\ntrain: conv 4 3x3\nclass: conv 2 3x3\n")
    made = module(network)
    weights = {name: np.full(shape, 0.5, "f4") for name, shape in expected(network).items()}
    load_weights(made, weights)
    assert float(made.train_.weight.detach().min()) == 0.5
    assert float(made.class_.weight.detach().min()) == 0.5


def test_a_module_of_someone_elses_needs_its_network() -> None:
    made = built(generate(TINY))
    with pytest.raises(ValueError, match="network=cnngraph"):
        load_weights(made, {})
    weights = {name: np.full(shape, 0.25, "f4") for name, shape in expected(TINY).items()}
    assert float(load_weights(made, weights, network=TINY).fc1.bias.detach().min()) == 0.25
    with pytest.raises(CnngraphError, match="the module is not tiny"):
        load_weights(torch.nn.Linear(2, 2), weights, network=TINY)


# The script --------------------------------------------------------------------------------------

QUICK = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of 8 x 8 for two classes that are easy to tell apart, in folders; and the script with its network."""
    from PIL import Image

    from cnngraph.torch.training import training

    folder = tmp_path_factory.mktemp("digits")
    dice = np.random.default_rng(0)
    for part, count in (("train", 24), ("val", 8)):
        for name, column in (("left", 0), ("right", 4)):
            (place := folder / "data" / part / name).mkdir(parents=True)
            for number in range(count):
                pixels = dice.integers(150, 255, (8, 8)).astype("u1")
                pixels[:, column : column + 4] //= 4
                Image.fromarray(pixels).save(place / f"{number}.png")
    spec = folder / "tiny.spec"
    spec.write_text(
        "net tiny\ninput 8x8x1 @invert @normalize(0.4, 0.3)\nconv 4 3x3 same bn relu -> flatten\nsoftmax 2\n"
    )
    made = generate(load(spec), "tiny.spec")
    (folder / "tiny.py").write_text(made.text)
    (folder / "train.py").write_text(training(made, "tiny", "tiny.spec"))
    return folder


def trained(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "train.py", "data", "--epochs=3", "--batch=16", "--warmup=2", *arguments]
    done = subprocess.run(command, cwd=folder, env=QUICK, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_script_trains_and_its_weights_come_back(digits: Path) -> None:
    from cnngraph.runtime.images import inside

    said = trained(digits)
    assert "epoch 3: rate" in said
    assert "    cnngraph export --onnx tiny.spec --weights trained.pth\n" in said
    rows = (digits / "curve.csv").read_text().splitlines()
    assert rows[0] == "epoch,rate,loss,error"
    assert float(rows[3].split(",")[3]) == 0
    network = load(digits / "tiny.spec")
    files = inside(digits / "data" / "val")
    for path, answer in zip(files, network.run(files, digits / "trained.pth"), strict=True):
        assert answer.top[0].index == (path.parent.name == "right")


def test_what_the_script_sees_is_what_run_sees(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cnngraph.preprocessing import preprocessing
    from cnngraph.runtime.images import inside, read

    monkeypatch.syspath_prepend(digits)
    found = importlib.util.spec_from_file_location("train_of_digits", digits / "train.py")
    assert found is not None
    assert found.loader is not None
    script = importlib.util.module_from_spec(found)
    found.loader.exec_module(script)
    done = preprocessing(load(digits / "tiny.spec").inputs[0])
    assert done is not None
    for path in inside(digits / "data" / "val")[:4]:
        wanted = read(path, (8, 8), 1, done)
        np.testing.assert_allclose(script.values(path)[None].numpy(), wanted, atol=1e-6)


def test_killed_and_resumed_it_comes_to_the_same_numbers(digits: Path) -> None:
    trained(digits)
    whole, curve = (digits / "trained.pth").read_bytes(), (digits / "curve.csv").read_text()
    (digits / "checkpoint.pth").unlink()
    text = (digits / "train.py").read_text()
    stop = '            with open("curve.csv"'
    assert stop in text
    (digits / "train.py").write_text(text.replace(stop, f"            os._exit(epoch * 0)\n{stop}", 1))
    trained(digits)  # killed behind its first checkpoint
    (digits / "train.py").write_text(text)
    (digits / "trained.pth").unlink()
    said = trained(digits, "--resume")
    assert "epoch 1:" not in said
    assert "epoch 2:" in said
    assert (digits / "trained.pth").read_bytes() == whole
    assert (digits / "curve.csv").read_text() == curve


def test_two_processes_train_one_network(digits: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=29517"]
    done = subprocess.run(
        [*command, "train.py", "data", "--epochs=1", "--batch=8"], cwd=digits, env=QUICK, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch 1:") == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("more", "data/train has 3 folders with 48 pictures, the network 2 classes"),
        ("broken", "data/train/left/broken.png is no picture: cannot identify image file"),
        ("none", "none/train has 0 folders with 0 pictures"),
    ],
)
def test_folders_that_do_not_fit_are_said(change: str, said: str, digits: Path) -> None:
    data, place = "data", digits / "data" / "train"
    if change == "more":
        (made := place / "middle").mkdir()
    elif change == "broken":
        (made := place / "left" / "broken.png").write_bytes(b"not a picture")
    else:
        data, made = "none", None
    try:
        done = subprocess.run([sys.executable, "train.py", data], cwd=digits, env=QUICK, capture_output=True, text=True)
    finally:
        if made is not None:
            made.rmdir() if made.is_dir() else made.unlink()
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
