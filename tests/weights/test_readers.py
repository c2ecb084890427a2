"""PyTorch's and Keras's files: the same answers as the framework gave that wrote them, and nothing in them is run."""

from __future__ import annotations

import io
import json
import pickle
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import parse
from cnngraph.network import Network
from cnngraph.onnx.lower import lower
from cnngraph.onnx.write import write
from cnngraph.runtime.session import Session
from cnngraph.weights.choose import choose
from cnngraph.weights.files import ArrayWeights, FileWeights
from cnngraph.weights.flattened import Orders
from cnngraph.weights.match import expected
from tests.networks import load
from tests.onnx.reference import Array

DATA = Path(__file__).parent / "data"


def network(eps: float = 1e-5) -> Network:
    """The one of `tests.weights.make_data`."""
    return parse(f"""net small
input 8x8x3
default bn eps={eps}
conv 6 3x3 same bn relu
add {{
  | dwconv 3x3 same bias=on bn relu -> conv 6 1x1
  | skip
}}
relu -> maxpool 2
flatten -> fc 5 relu -> softmax 4
""")


def answers(file: str, network: Network, folder: Path) -> tuple[Array, Array]:
    """What the network answers with the weights in *file*, and what the framework did."""
    source = "keras" if "keras" in file else "pytorch"
    with np.load(DATA / f"{source}.npz") as recorded:
        x, y = recorded["x"], recorded["y"]
    write(lower(network), FileWeights(DATA / file, network), folder / "model.onnx")
    (output,) = Session(folder / "model.onnx").run({"image": x}).values()
    return output, y


@pytest.mark.parametrize(
    "file", ["zip.pt", "stream.pth", "checkpoint.pt", "parallel.pt", "strided.pt", "parameters.pt"]
)
def test_pytorchs_answers(file: str, tmp_path: Path) -> None:
    ours, theirs = answers(file, network(), tmp_path)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize(("file", "close"), [("half.pt", 1e-2), ("bfloat16.pt", 5e-2)])
def test_half_precision_is_read(file: str, close: float, tmp_path: Path) -> None:
    ours, theirs = answers(file, network(), tmp_path)
    np.testing.assert_allclose(ours, theirs, rtol=close)
    assert not np.array_equal(ours, theirs)


@pytest.mark.parametrize("file", ["keras3.keras", "keras3.weights.h5", "keras2.h5"])
def test_kerass_answers(file: str, tmp_path: Path) -> None:
    """Kernels are turned, the matrix behind the flattening has its columns put in order, a missing scale is one."""
    ours, theirs = answers(file, network(eps=1e-3), tmp_path)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_what_an_optimizer_of_kerass_keeps_is_left_out(tmp_path: Path) -> None:
    import h5py

    whole = DATA / "keras3.weights.h5"
    (tmp_path / "trained.weights.h5").write_bytes(whole.read_bytes())
    with h5py.File(tmp_path / "trained.weights.h5", "a") as file:
        kept = file.create_group("optimizer/vars")
        kept.attrs["name"] = "adam"
        kept["0"], kept["1"], kept["2"] = np.int64(12), np.float32(0.001), np.zeros((3, 3, 3, 6), "f4")
    plain, trained = (FileWeights(path, network()) for path in (whole, tmp_path / "trained.weights.h5"))
    assert [each.entry.name for each in trained.matching.matches] == [
        each.entry.name for each in plain.matching.matches
    ]


def test_a_dash_is_a_dot_where_the_network_has_one(tmp_path: Path) -> None:
    """So generated Keras code calls layers, whose names may have no dot there."""
    net = parse("net t\ninput 8x8x3\nblock b(c) {\n  conv c 1x1 -> conv c 1x1\n}\nb 4\nb 4\n")
    held = {name: np.full(shape, number, "f4") for number, (name, shape) in enumerate(expected(net).items())}
    dashed = {name.replace(".", "-", 1): array for name, array in reversed(held.items())}
    np.savez(tmp_path / "w.npz", **dashed)  # type: ignore[arg-type]
    matches = FileWeights(tmp_path / "w.npz", net).matching.matches
    assert {each.how for each in matches} == {"name"}
    assert {each.weight: float(each.entry.read().flat[0]) for each in matches} == {
        name: float(array.flat[0]) for name, array in held.items()
    }


def given(file: str, network: Network, folder: Path) -> tuple[Array, Array]:
    with np.load(DATA / f"{file}.npz") as recorded:
        x, y = recorded["x"], recorded["y"]
    write(lower(network), FileWeights(DATA / f"{file}.keras", network), folder / "model.onnx")
    (output,) = Session(folder / "model.onnx").run({"image": x}).values()
    return output, y


def test_whatever_stands_behind_kerass_flattening_keeps_its_order(tmp_path: Path) -> None:
    """Normalized, added to a dense layer's outputs, put beside others: rows, columns and statistics are moved."""
    ours, theirs = given("keras_flat", parse(FLAT), tmp_path)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    assert FileWeights(DATA / "keras_flat.keras", parse(FLAT)).matching.remarks == ()


UNFLAT = """net unflat
input 3x4x5
prelu -> flatten -> fc 36 -> bn eps=1e-3
prelu shared -> unflatten 2x6x3
sepconv 4 3x3 same m=2 relu
sepconv 5 3x3 same bias=off prelu=shared
flatten -> fc 4
"""


def test_vectors_that_become_volumes_in_keras_keep_their_order(tmp_path: Path) -> None:
    """What is before the volume is put in order, also where a normalization and a slope stand between; a separable
    convolution is one layer or two."""
    ours, theirs = given("keras_unflat", parse(UNFLAT), tmp_path)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    assert FileWeights(DATA / "keras_unflat.keras", parse(UNFLAT)).matching.remarks == ()
    two = UNFLAT.replace("sepconv 4 3x3 same m=2 relu", "dwconv 3x3 same m=2 bias=off -> conv 4 1x1 relu")
    assert two != UNFLAT
    ours, theirs = given("keras_unflat", parse(two), tmp_path)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_a_prelu_with_a_slope_for_every_number_is_refused(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "t.weights.h5", "w") as file:
        file["layers/p_re_lu/vars/0"] = np.ones((4, 4, 2), "f4")
    with pytest.raises(CnngraphError) as caught:
        FileWeights(tmp_path / "t.weights.h5", parse("net t\ninput 4x4x2\nprelu\n"))
    (said,) = caught.value.diagnostics
    assert "4x4x2 slopes, one for each number of its map" in said.message
    assert "shared_axes=[1, 2]" in said.help


def test_sequences_of_kerass_are_read(tmp_path: Path) -> None:
    network = parse("""net sequence
input 16x1x3
conv 4 3x1 s=(2, 1) relu
dwconv 3x1 same bias=on
dwconv 3x1 same bias=off -> conv 5 1x1 relu
upconv 6 2x1 s=(2, 1)
flatten -> fc 4
""")
    ours, theirs = given("keras_1d", network, tmp_path)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_another_epsilon_is_remarked_on() -> None:
    remark, without = FileWeights(DATA / "keras3.keras", network()).matching.remarks
    assert remark == (
        "the file says eps=0.001 of `stem_norm`, the spec 1e-05 of `conv1.bn`, as of 1 more: "
        "write  default bn eps=0.001  for the same answers"
    )
    assert FileWeights(DATA / "keras3.keras", network(eps=1e-3)).matching.remarks == (without,)
    assert without.endswith("has no γ (scale=False), which is 1")


def test_a_set_of_a_checkpoint_can_be_asked_for(tmp_path: Path) -> None:
    """Averaged weights beside the last ones; which was taken is said, and where nothing speaks for one, it is asked."""
    one = tensor(4, (2, 2), (2, 1))[1:-1]
    net = parse("net t\ninput 2\nfc 2 bias=off\n")
    for names, taken in ((("state_dict", "state_dict_ema"), "state_dict"), (("params", "params_ema"), "")):
        both = b"(d" + b"".join(b"V" + name.encode() + b"\n(" + one + b"s" for name in names) + b"."
        both = both.replace(b"(dVw", b"(dVfc1.weight")
        (tmp_path / "w.pth").write_bytes(torch_zip(both, **{"0": np.arange(4, dtype="f4").tobytes()}))
        file = f"{tmp_path / 'w.pth'}"
        assert FileWeights(f"{file}:{names[1]}", net).matching.remarks == ()
        if taken:
            (remark,) = FileWeights(file, net).matching.remarks
            assert remark.endswith(f"and `state_dict` was taken; the other: --weights {file}:state_dict_ema")
        else:
            with pytest.raises(CnngraphError, match="several sets of weights: params, params_ema") as e:
                FileWeights(file, net)
            assert f"--weights {file}:params or --weights {file}:params_ema" in e.value.diagnostics[0].help
        with pytest.raises(CnngraphError, match="has no part `ema`"):
            FileWeights(f"{file}:ema", net)


def test_a_part_of_a_file_can_be_asked_for(tmp_path: Path) -> None:
    arrays = {"encoder.fc1.weight": np.ones((2, 2), "f4"), "decoder.fc1.weight": np.zeros((2, 2), "f4")}
    np.savez(tmp_path / "w.npz", **arrays)  # type: ignore[arg-type]
    net = parse("net t\ninput 2\nfc 2 bias=off\n")
    (match,) = FileWeights(f"{tmp_path / 'w.npz'}:encoder", net).matching.matches
    assert (match.how, float(match.entry.read().sum())) == ("name", 4)
    with pytest.raises(CnngraphError, match="has no part `head`") as e:
        FileWeights(f"{tmp_path / 'w.npz'}:head", net)
    assert e.value.diagnostics[0].help == "there are: decoder, encoder"


@pytest.mark.parametrize("names", [("weight_g", "weight_v"), ("parametrizations.weight.original0",
                                                               "parametrizations.weight.original1")])  # fmt: skip
def test_a_length_and_a_direction_are_one_kernel(names: tuple[str, str]) -> None:
    """PyTorch's weight_norm, old and new: each output's kernel scaled to its length."""
    generator = np.random.default_rng(0)
    v = generator.standard_normal((3, 2, 3, 3)).astype("f4")
    g = np.arange(1, 4, dtype="f4").reshape(3, 1, 1, 1)
    network = parse("net t\ninput 5x5x2\nconv 3 3x3\n")
    weights = ArrayWeights({"c.bias": np.ones(3, "f4"), f"c.{names[0]}": g, f"c.{names[1]}": v}, network)
    kernel = weights.matching.matches[0].entry.read()
    lengths = [float(np.linalg.norm(each)) for each in kernel]
    assert lengths == pytest.approx([1, 2, 3])
    assert all(float(np.vdot(a, b)) == pytest.approx(n * np.linalg.norm(b))
               for n, a, b in zip(lengths, kernel, v, strict=True))  # fmt: skip
    assert weights.matching.matches[0].entry.name == "c.weight"


def test_spectral_norm_is_refused_with_what_to_do() -> None:
    for name in ("c.weight_orig", "c.parametrizations.weight.original"):
        with pytest.raises(CnngraphError, match="not a weight but what one is computed from") as e:
            ArrayWeights({name: np.ones((2, 2), "f4")}, parse("net t\ninput 2\nfc 2 bias=off\n"))
        assert "remove_parametrizations" in e.value.diagnostics[0].help


FLAT = """net flat
input 4x4x2
maps: conv 3 3x3 same
pooled: avgpool global -> flatten
flat: from maps -> flatten -> layernorm eps=1e-3
wide: from pooled -> fc 48
beside: from pooled -> fc 5 elu
sum: from wide -> add flat -> bn eps=1e-3
from beside -> concat sum -> leaky 0.3 -> softmax 4
"""


@pytest.mark.parametrize(
    ("here", "there", "config", "said"),
    [
        ("net flat", "net flat", {}, ""),
        ("layernorm eps=1e-3", "layernorm", {},
         "the file says eps=0.001 of `layer_normalization`, the spec 1e-06 of `flat`: "
         "write  default layernorm eps=0.001  for the same answers"),
        ("leaky 0.3", "leaky", {}, "the file has `leaky` slope=0.3, the network `leaky` slope=0.01"),
        ("fc 5 elu", "fc 5 relu", {},
         "activations in the file: 1 elu, 1 leaky, 1 softmax; in the network: 1 leaky, 1 relu, 1 softmax"),
        ("4x4x2", "4x4x2", {'"strides": [1, 1]': '"strides": [2, 2]'},
         "the file says s=2 of `conv2d`, the spec 1 of `maps`: write  s=2  for the same answers"),
        ("4x4x2\nmaps: conv 3 3x3", "8x8x2\nmaps: conv 3 3x3 s=2", {'"strides": [1, 1]': '"strides": [2, 2]'},
         "the file says same_upper of `conv2d`, the spec same of `maps`: write  same_upper  for the same answers"),
    ],
)  # fmt: skip
def test_what_the_file_says_of_its_layers_is_compared(
    here: str, there: str, config: dict[str, str], said: str, tmp_path: Path
) -> None:
    """The weights fit all the same, and the answers would be others."""
    with zipfile.ZipFile(DATA / "keras_flat.keras") as old, zipfile.ZipFile(tmp_path / "w.keras", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            for before, after in config.items() if name == "config.json" else ():
                assert before.encode() in data
                data = data.replace(before.encode(), after.encode())
            new.writestr(name, data)
    remarks = FileWeights(tmp_path / "w.keras", parse(FLAT.replace(here, there))).matching.remarks
    assert remarks == ((said,) if said else ())


def refused(path: Path) -> str:
    with pytest.raises(CnngraphError) as caught:
        FileWeights(path, network())
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0702"
    return f"{diagnostic.message}\n{diagnostic.reason}\n{diagnostic.help}"


def test_a_whole_model_is_not_weights() -> None:
    assert "whole model (`torch.nn.modules.linear.Linear`)" in refused(DATA / "model.pt")
    assert "torch.save(model.state_dict(), FILE)" in refused(DATA / "model.pt")


class _Touch:
    """A pickle of it makes a file when it is loaded."""

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("executed"),))


def torch_zip(state: object, **members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", state if isinstance(state, bytes) else pickle.dumps(state))
        for name, data in members.items():
            archive.writestr(f"archive/data/{name}", data)
    return stream.getvalue()


def tensor(count: int, size: tuple[int, ...], strides: tuple[int, ...], offset: int = 0, key: str = "0") -> bytes:
    """A pickle of ``{"w": tensor}``, in the plain letters of protocol 0."""
    global_ = b"ctorch._utils\n_rebuild_tensor_v2\n"
    storage = b"(V" + b"storage\nctorch\nFloatStorage\nV" + key.encode() + b"\nVcpu\nI%d\ntQ" % count
    numbers = b"(" + b"".join(b"I%d\n" % n for n in size) + b"t(" + b"".join(b"I%d\n" % n for n in strides) + b"t"
    return b"(dVw\n" + global_ + b"(" + storage + b"I%d\n" % offset + numbers + b"I00\nNtRs."


def test_no_pickle_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plain = pickle.dumps(_Touch())
    for name, data in {
        "zip.pt": torch_zip(_Touch()),
        "within.pt": torch_zip({"a": _Touch()}),
        "stream.pt": b"\x80\x02" + pickle.dumps(_Touch(), 2)[2:],
        "plain.pt": plain,
    }.items():
        Path(name).write_bytes(data)
        assert "it wants to run" in refused(tmp_path / name)
    assert not Path("executed").exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "neither of the forms"),
        (b"hello", "neither of the forms"),
        (torch_zip({}), "holds no tensors"),
        (torch_zip([1, 2]), "no dictionary of tensors"),
        (torch_zip(b"\x80\x02}"), "not a file of PyTorch's"),
        (torch_zip(tensor(4, (2, 2), (2, 1))), "the numbers '0' are missing"),
        (torch_zip(tensor(4, (2, 2), (2, 1)), **{"0": bytes(12)}), "reaches beyond the numbers"),
        (torch_zip(tensor(4, (2**40,), (1,)), **{"0": bytes(16)}), "reaches beyond the numbers"),
        (torch_zip(tensor(4, (2, 2), (-2, 1), 3), **{"0": bytes(16)}), "reaches beyond the numbers"),
        (torch_zip(tensor(4, (2, 2), (2, 1), key="../../etc/passwd")), "are missing"),
        (torch_zip(b"\x80\x02" + b"r\xff\xff\xff\x7f" + b"."), "not a file of PyTorch's"),
    ],
    ids=[
        "empty",
        "text",
        "no-tensors",
        "a-list",
        "cut",
        "no-numbers",
        "few-numbers",
        "huge",
        "backwards",
        "path",
        "memo",
    ],
)
def test_a_broken_file_of_pytorchs_is_refused(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(data)
    assert said in refused(tmp_path / "w.pt")


def test_every_cut_of_a_file_is_refused(tmp_path: Path) -> None:
    for file in ("zip.pt", "stream.pth", "keras3.keras", "keras3.weights.h5"):
        whole = (DATA / file).read_bytes()
        for part in (1, 10, 100, len(whole) // 2, len(whole) - 100):
            cut = tmp_path / f"cut{part}-{file}"
            cut.write_bytes(whole[:part])
            assert refused(cut)


def test_numbers_packed_to_nothing_are_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", tensor(2**22, (2**22,), (1,)))
        archive.writestr("archive/data/0", bytes(2**24))
    (tmp_path / "bomb.pt").write_bytes(stream.getvalue())
    assert "compressed, which torch.save never does" in refused(tmp_path / "bomb.pt")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(2**24))
    (tmp_path / "bomb.keras").write_bytes(stream.getvalue())
    assert "compressed, which Keras never does" in refused(tmp_path / "bomb.keras")


def test_hdf5_leads_to_no_other_file(tmp_path: Path) -> None:
    import h5py

    (tmp_path / "secret").write_bytes(bytes(64))
    with h5py.File(tmp_path / "outside.h5", "w") as file:
        vars_ = file.create_group("layers/dense/vars")
        vars_.create_dataset("0", (4, 4), "f4", external=[(str(tmp_path / "secret"), 0, 64)])
    assert "another file" in refused(tmp_path / "outside.h5")
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["layers"] = h5py.ExternalLink(str(DATA / "keras3.weights.h5"), "layers")
    assert "no layers of Keras's" in refused(tmp_path / "link.h5")


def test_what_is_another_layer_in_the_other_order_is_refused() -> None:
    """A piece of flattened numbers, and sums of numbers in two orders."""
    with pytest.raises(CnngraphError, match="E0708"):
        Orders(parse("net t\ninput 2x2x3\nflatten -> slice 0 6 -> fc 1\n"))
    with pytest.raises(CnngraphError, match="E0708"):
        Orders(
            parse("net t\ninput a 2x3x3\ninput b 3x2x3\nx: from a -> flatten\ny: from b -> flatten\nfrom x -> add y\n")
        )
    assert not Orders(parse("net t\ninput 8x8x3\navgpool global -> flatten -> slice 0 2\n")).differ("slice1")


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ("flatten -> unflatten 4x6x2", False),
        ("flatten -> bn -> relu -> unflatten 4x6x2", False),
        ("flatten -> unflatten 6x4x2", True),
        ("flatten -> unflatten", True),
        ("flatten -> unflatten 1x24x2", True),
        ("flatten -> fc 12 -> unflatten 2x3x2", False),
        ("flatten -> fc 12 -> unflatten", False),
        ("a: flatten -> fc 12\nunflatten 2x3x2 -> flatten\nadd a", False),
        ("a: flatten -> fc 12\nunflatten 2x3x2 -> conv 2 1x1 -> crop (0, 0, 0, 1) -> flatten -> fc 12 -> add a", False),
        ("a: flatten -> fc 12\nunflatten 2x3x2\nfrom a -> unflatten 3x2x2", True),
        ("a: flatten -> fc 12\nunflatten 2x3x2\nfrom a -> slice 0 6", True),
    ],
)
def test_which_volumes_are_the_same_in_both_orders(lines: str, refused: bool) -> None:
    network = parse(f"net t\ninput 4x6x2\n{lines}\n")
    if refused:
        with pytest.raises(CnngraphError, match="E0708"):
            Orders(network)
    else:
        Orders(network)


def test_weights_of_a_separable_convolution_go_by_its_parts(tmp_path: Path) -> None:
    """By name, under names of two layers of PyTorch's, and by order."""
    network = parse("net t\ninput 4x4x3\n[sepconv 3 3x3 same bn relu] x2\n")
    shapes = {"depthwise.weight": (3, 1, 3, 3), "pointwise.weight": (3, 3, 1, 1)}
    assert {name: p.shape for name, p in network["sepconv1"].parameters.items()} == shapes
    generator = np.random.default_rng(0)
    arrays = {name: generator.uniform(0.5, 1, shape).astype("f4") for name, shape in expected(network).items()}
    theirs = {
        name.replace("sepconv1.bn", "0.norm").replace("sepconv2.bn", "1.norm").replace("sepconv1", "0.conv").replace(
            "sepconv2", "1.conv"): array
        for name, array in arrays.items()
    }  # fmt: skip
    np.savez(tmp_path / "own.npz", **arrays)  # type: ignore[arg-type]
    np.savez(tmp_path / "theirs.npz", **theirs)  # type: ignore[arg-type]
    own, other = (FileWeights(tmp_path / f"{name}.npz", network) for name in ("own", "theirs"))
    assert {each.how for each in own.matching.matches} == {"name"}
    assert {each.weight: each.entry.name for each in other.matching.matches} == dict(zip(arrays, theirs, strict=True))
    assert other.matching.remarks == ()


def test_vectors_that_the_network_gives_in_another_order_are_remarked_on(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "t.weights.h5", "w") as file:
        file["layers/conv2d/vars/0"] = np.ones((1, 1, 3, 2), "f4")
        file["layers/conv2d/vars/1"] = np.ones(2, "f4")
    network = parse("net t\ninput 2x2x3\nconv 2 1x1 -> flatten\n")
    (remark,) = FileWeights(tmp_path / "t.weights.h5", network).matching.remarks
    assert remark == "the numbers of `flatten1` come channel by channel; Keras has a place's channels together"


# Files of Keras's, made by hand --------------------------------------------------------------


Made = tuple[str, dict[str, object], list[Array]]
"""A layer: its class, its configuration, its variables."""


def keras_file(path: Path, layers: list[Made], *, version: str = "3.9.0") -> None:
    """A ``.keras`` archive of *layers*, or, as the suffix says, their weights alone."""
    import h5py

    stream = io.BytesIO()
    config = []
    with h5py.File(stream, "w") as file:
        for number, (kind, arguments, variables) in enumerate(layers):
            name = f"{kind.lower()}{number}"
            config.append({"class_name": kind, "config": {"name": name, **arguments}})
            filed = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()
            for at, numbers in enumerate(variables):
                file[f"layers/{filed}_{number}/vars/{at}"] = numbers
            if variables:
                file[f"layers/{filed}_{number}/vars"].attrs["name"] = name
    if path.suffix == ".h5":
        path.write_bytes(stream.getvalue())
        return
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Functional", "config": {"layers": config}}))
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr("model.weights.h5", stream.getvalue())


def remarks(layers: list[Made], spec: str, folder: Path) -> list[str]:
    keras_file(folder / "w.keras", layers)
    return list(FileWeights(folder / "w.keras", parse(f"net t\n{spec}\n")).matching.remarks)


CONV: Made = (
    "Conv2D", {"strides": [1, 1], "padding": "valid", "data_format": "channels_last", "activation": "linear"},
    [np.ones((3, 3, 2, 4), "f4"), np.ones(4, "f4")],
)  # fmt: skip
POOL: dict[str, object] = {"pool_size": [2, 2], "strides": [2, 2], "padding": "valid", "data_format": "channels_last"}


@pytest.mark.parametrize(
    ("there", "here", "said"),
    [
        (("MaxPooling2D", POOL), "maxpool 2", ""),
        (("MaxPooling2D", POOL), "maxpool f=2 s=1", "the file says s=2 of `maxpooling2d1`, the spec 1 of `maxpool1`"),
        (("MaxPooling2D", POOL), "maxpool 3x3 s=2", "the file says f=2 of `maxpooling2d1`, the spec 3 of `maxpool1`"),
        (("MaxPooling2D", {**POOL, "padding": "same"}), "maxpool 2", ""),
        (("MaxPooling2D", {**POOL, "pool_size": [3, 3], "padding": "same"}), "maxpool 3x3 s=2 same",
         "the file says same_upper of `maxpooling2d1`, the spec same of `maxpool1`"),
        (("MaxPooling2D", POOL), "avgpool 2", "in the file alone: 1 maxpool; in the network alone: 1 avgpool"),
        (("GlobalAveragePooling2D", {}), "avgpool global", ""),
        (("GlobalAveragePooling2D", {}), "avgpool 6x6", ""),
        (("AveragePooling2D", {**POOL, "pool_size": [6, 6]}), "avgpool global", ""),
        (("GlobalAveragePooling2D", {}), "maxpool global",
         "in the file alone: 1 avgpool; in the network alone: 1 maxpool"),
        (("ZeroPadding2D", {"padding": [[1, 0], [0, 2]]}), "pad (1, 0, 0, 2)", ""),
        (("ZeroPadding2D", {"padding": [[1, 0], [0, 2]]}), "pad (0, 0, 1, 2)",
         "the file says n=(1, 0, 0, 2) of `zeropadding2d1`, the spec n=(0, 0, 1, 2) of `pad1`"),
        (("ZeroPadding2D", {"padding": [[1, 0], [0, 2]]}), "relu",
         "in the file alone: 1 pad; in the network alone: none"),
        (("Cropping2D", {"cropping": [[1, 0], [0, 2]]}), "crop (1, 0, 0, 2)", ""),
        (("UpSampling2D", {"size": [2, 2], "interpolation": "bilinear"}), "upsample 2 bilinear", ""),
        (("UpSampling2D", {"size": [2, 2], "interpolation": "bilinear"}), "upsample 2",
         "the file says bilinear of `upsampling2d1`, the spec nearest of `upsample1`"),
        (("UpSampling2D", {"size": [2, 3], "interpolation": "nearest"}), "upsample 2",
         "the file says n=(2, 3) of `upsampling2d1`, the spec 2 of `upsample1`"),
        (("ReLU", {"threshold": 0.5}), "relu", "activations in the file: none; in the network: 1 relu"),
        (("Activation", {"activation": "hard_sigmoid"}), "hsigmoid", ""),
        (("Activation", {"activation": "softsign"}), "dropout",
         "the file has layers that are not compared with the network: 1 softsign"),
        (("Permute", {"dims": [3, 1, 2]}), "dropout",
         "the file has layers that are not compared with the network: 1 permute"),
        (("Dropout", {"rate": 0.5}), "relu", "activations in the file: none; in the network: 1 relu"),
    ],
)  # fmt: skip
def test_layers_without_weights_are_compared_too(
    there: tuple[str, dict[str, object]], here: str, said: str, tmp_path: Path
) -> None:
    found = remarks([CONV, (*there, [])], f"input 8x8x2\nconv 4 3x3 -> {here}", tmp_path)
    assert bool(said) == bool(found)
    assert not said or found[0].partition(": write")[0] == said


def test_a_causal_convolution_pads_before_its_sequence(tmp_path: Path) -> None:
    config: dict[str, object] = {"strides": [1], "padding": "causal", "kernel_size": [3], "dilation_rate": [2]}
    layers: list[Made] = [("Conv1D", config, [np.ones((3, 2, 4), "f4"), np.ones(4, "f4")])]
    assert remarks(layers, "input 8x1x2\nconv 4 3x1 d=2 p=(4, 0, 0, 0)", tmp_path) == []
    (remark,) = remarks(layers, "input 8x1x2\nconv 4 3x1 d=2 p=(2, 0, 2, 0)", tmp_path)
    assert remark.startswith("the file says p=(4, 0, 0, 0) of `conv1d0`, the spec p=(2, 0, 2, 0) of `conv1`")


def test_joins_are_compared(tmp_path: Path) -> None:
    layers: list[Made] = [CONV, CONV, ("Multiply", {}, [])]
    spec = "input 8x8x2\nadd {\n  | conv 4 3x3\n  | conv 4 3x3\n}"
    assert "in the file alone: 1 mul; in the network alone: 1 add" in remarks(layers, spec, tmp_path)


def test_a_border_of_its_own_is_that_of_the_window_behind_it(tmp_path: Path) -> None:
    """Keras's ResNet and DenseNet pad in a layer before their first convolution."""
    border: Made = ("ZeroPadding2D", {"padding": [[1, 1], [1, 1]]}, [])
    assert remarks([border, CONV], "input 8x8x2\nconv 4 3x3 p=1", tmp_path) == []
    (first, second) = remarks([border, CONV], "input 8x8x2\nconv 4 3x3 p=2", tmp_path)
    assert first == "in the file alone: 1 pad; in the network alone: none"
    assert second.startswith("the file says valid of `conv2d1`, the spec p=(2, 2, 2, 2) of `conv1`")


def test_the_slope_of_a_hard_sigmoid_is_that_of_its_keras(tmp_path: Path) -> None:
    for version, written in (("2.15.0", "hsigmoid 0.2"), ("3.9.0", "hsigmoid")):
        path = tmp_path / f"{version}.keras"
        keras_file(path, [CONV, ("Activation", {"activation": "hard_sigmoid"}, [])], version=version)
        network = parse(f"net t\ninput 8x8x2\nconv 4 3x3 -> {written}\n")
        assert FileWeights(path, network).matching.remarks == ()
    network = parse("net t\ninput 8x8x2\nconv 4 3x3 hsigmoid\n")
    (remark,) = FileWeights(tmp_path / "2.15.0.keras", network).matching.remarks
    assert remark.startswith("the file has `hsigmoid` slope=0.2")


@pytest.mark.parametrize(("flatten", "turned"), [("channels_first", True), ("channels_last", False)])
def test_channels_first_are_flattened_as_the_file_says(flatten: str, turned: bool, tmp_path: Path) -> None:
    """`Flatten` puts channels last where it knows that they come first, so that weights fit both."""
    matrix = np.arange(12, dtype="f4").reshape(12, 1)
    layers: list[Made] = [
        ("Conv2D", {**CONV[1], "data_format": "channels_first"}, [np.ones((1, 1, 2, 3), "f4"), np.ones(3, "f4")]),
        ("Flatten", {"data_format": flatten}, []),
        ("Dense", {"activation": "linear"}, [matrix, np.ones(1, "f4")]),
    ]
    keras_file(tmp_path / "w.keras", layers)
    network = parse("net t\ninput 2x2x2\nconv 3 1x1 -> flatten -> fc 1\n")
    weights = FileWeights(tmp_path / "w.keras", network)
    graph = lower(network)
    (place,) = (at for at, weight in enumerate(graph.weights) if weight.name == "fc1.weight")
    given = [b"".join(bytes(piece) for piece in pieces) for pieces in weights.all(graph.weights)]
    wanted = matrix.reshape(4, 3).T.reshape(-1) if turned else matrix.reshape(-1)
    assert np.frombuffer(given[place], "<f4").tolist() == wanted.tolist()


def test_what_weights_alone_do_not_say_is_not_said_of_the_file(tmp_path: Path) -> None:
    """Without a configuration: the epsilon is Keras's own, and of three numbers for a channel one is unknown."""
    norm: Made = ("BatchNormalization", {}, [np.full(4, each, "f4") for each in (0.5, 2.0, 3.0)])
    network = parse("net t\ninput 8x8x2\nconv 4 3x3 bn bias=on\n")
    keras_file(tmp_path / "w.weights.h5", [CONV, norm])
    epsilon, unknown = FileWeights(tmp_path / "w.weights.h5", network).matching.remarks
    assert epsilon == (
        "the file does not say the eps of `batchnormalization1`, which is 0.001 unless it was made otherwise, the spec "
        "1e-05 of `conv1.bn`: write  default bn eps=0.001  for the same answers"
    )
    assert unknown == ("`batchnormalization1` has no γ or no β, and the file does not say which: none of γ was taken")
    for left_out, filled in (("scale", 1.0), ("center", 0.0)):
        norm = ("BatchNormalization", {left_out: False}, norm[2])
        keras_file(tmp_path / "w.keras", [CONV, norm])
        found = {each.weight: each.entry for each in FileWeights(tmp_path / "w.keras", network).matching.matches}
        missing, there = ("weight", "bias") if left_out == "scale" else ("bias", "weight")
        assert found[f"conv1.bn.{missing}"].read().tolist() == [filled] * 4
        assert found[f"conv1.bn.{there}"].read().tolist() == [0.5] * 4


def test_a_normalization_without_scale_and_shift_is_one_of_1_and_0(tmp_path: Path) -> None:
    """And is said; the spec may have it without either, too. The answers are those of the formula."""
    rng = np.random.default_rng(0)
    mean, var = rng.normal(size=3).astype("f4"), rng.uniform(0.5, 2, 3).astype("f4")
    gamma, beta = rng.normal(size=(2, 3)).astype("f4")
    kernel, x = rng.normal(size=(1, 1, 2, 3)).astype("f4"), rng.normal(size=(4, 5, 2)).astype("f4")
    convolution: Made = ("Conv2D", {**CONV[1], "use_bias": False}, [kernel])
    for scale, center in [(True, False), (False, True), (False, False)]:
        own = [*([gamma] if scale else []), *([beta] if center else []), mean, var]
        norm: Made = ("BatchNormalization", {"scale": scale, "center": center, "epsilon": 1e-3}, own)
        keras_file(tmp_path / "w.keras", [convolution, norm])
        wanted = (x @ kernel[0, 0] - mean) / np.sqrt(var + 1e-3)
        wanted = wanted * (gamma if scale else 1) + (beta if center else 0)
        lines = ["conv 3 1x1 bn"] if scale or center else ["conv 3 1x1 bn", "default bn affine=off\nconv 3 1x1 bn"]
        for line in lines:
            network = parse(f"net t\ninput 4x5x2\ndefault bn eps=0.001\n{line}\n")
            (answer,) = network.run(x, tmp_path / "w.keras")
            (found,) = answer.outputs.values()
            np.testing.assert_allclose(found.transpose(1, 2, 0), wanted, rtol=1e-4, atol=1e-5)
            remarks = FileWeights(tmp_path / "w.keras", network).matching.remarks
            said = ["no γ (scale=False), which is 1"] * (not scale) + ["no β (center=False), which is 0"] * (not center)
            assert remarks == (f"`batchnormalization1` has {', and '.join(said)}",) or "affine" in line


# Tensors that layers share -------------------------------------------------------------------


def test_a_shared_tensor_that_is_noted_once_is_read_for_all(tmp_path: Path) -> None:
    """PyTorch's save_model keeps one name of a tensor, and the others in the header."""
    network = parse("net t\ninput 2\na: fc 2 bias=off relu\nb: fc 2 bias=off\n")
    matrix = np.arange(4, dtype="f4").reshape(2, 2)
    save_file({"a.weight": matrix}, tmp_path / "noted.safetensors", {"b.weight": "a.weight", "format": "pt"})
    first, second = FileWeights(tmp_path / "noted.safetensors", network).matching.matches
    assert (first.weight, second.weight, second.how) == ("a.weight", "b.weight", "name")
    assert second.entry.read().tolist() == matrix.tolist()
    save_file({"a.weight": matrix}, tmp_path / "once.safetensors")
    with pytest.raises(CnngraphError, match="missing: b: weight 2x2") as e:
        FileWeights(tmp_path / "once.safetensors", network)
    assert '@weights("FILE:NAME")' in e.value.diagnostics[0].help
    named = '@weights("once.safetensors:a")'
    spec = f"net t\ninput 2\na: fc 2 bias=off relu {named}\nb: fc 2 bias=off {named}\n"
    (tmp_path / "t.spec").write_text(spec, encoding="utf-8")
    matches = choose(load(str(tmp_path / "t.spec")), None).matching.matches  # type: ignore[attr-defined]
    assert [each.entry.read().tolist() for each in matches] == [matrix.tolist()] * 2


def test_sets_within_sets_are_found(tmp_path: Path) -> None:
    """As YOLO's checkpoints have them: the averaged weights of a module in a dictionary in the checkpoint."""
    one = tensor(4, (2, 2), (2, 1))[:-1].replace(b"(dVw", b"(dVfc1.weight")
    both = b"(dVmodel\n" + one + b"sVema\n(dVmodule\n" + one + b"ss."
    (tmp_path / "w.pth").write_bytes(torch_zip(both, **{"0": np.arange(4, dtype="f4").tobytes()}))
    network, file = parse("net t\ninput 2\nfc 2 bias=off\n"), tmp_path / "w.pth"
    (remark,) = FileWeights(file, network).matching.remarks
    assert remark.endswith(f"and `model` was taken; the other: --weights {file}:ema.module")
    assert FileWeights(f"{file}:ema.module", network).matching.remarks == ()


@pytest.mark.parametrize(
    "name", ["parametrizations.weight.0.base", "c.parametrizations.bias.original0", "c.weight_orig"]
)
def test_what_a_weight_is_computed_from_is_refused(name: str) -> None:
    with pytest.raises(CnngraphError, match="not a weight but what one is computed from"):
        ArrayWeights({name: np.ones((2, 2), "f4")}, parse("net t\ninput 2\nfc 2 bias=off\n"))


def test_the_direction_may_stand_before_the_length() -> None:
    arrays = {"c.parametrizations.weight.original1": np.eye(2, dtype="f4"),
              "c.parametrizations.weight.original0": np.full((2, 1), 3, "f4")}  # fmt: skip
    (match,) = ArrayWeights(arrays, parse("net t\ninput 2\nfc 2 bias=off\n")).matching.matches
    assert match.entry.read().tolist() == [[3, 0], [0, 3]]
