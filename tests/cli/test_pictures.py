"""What pictures go through and what classes are called is the same for a spec and for the file made of it."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import cnngraph
from cnngraph.about import KEY, About, about, read
from cnngraph.classes import UNSHOWN, lists, shipped_names
from cnngraph.figure.picture import png_of
from cnngraph.preprocessing import FORMS, Preprocessing
from cnngraph.runtime import images
from cnngraph.runtime.session import Session
from cnngraph.shipped import shipped
from tests.conftest import Run

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SEVEN = EXAMPLES / "seven.png"
NET = """net t
input 6x5x3 @bgr @invert @scale(-1, 3) @normalize((0.1, 0.2, 0.3), (0.5, 2, 4))
conv 2 3x3 relu
avgpool global -> flatten
softmax 3 @classes("cat", "dog", "häst")
"""


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 11, 3), np.uint8)).save(path)
    return path


@pytest.mark.parametrize("extra", [(), *(("--preprocess", form) for form in FORMS), ("--dtype", "float16")])
def test_the_file_answers_as_the_spec(run: Run, tmp_path: Path, picture: Path, extra: tuple[str, ...]) -> None:
    (tmp_path / "t.spec").write_text(NET)
    assert run("export", "--onnx", "t.spec", "--seed", 3, *extra).status == 0
    of_spec = json.loads(run("run", "t.spec", "--seed", 3, "--json", "--image", picture).out)
    of_file = json.loads(run("run", "t.onnx", "--json", "--image", picture).out)
    (spec, file) = (answers[0]["fc1.softmax"] for answers in (of_spec, of_file))
    assert [guess["label"] for guess in file] == [guess["label"] for guess in spec]
    assert {guess["label"] for guess in file} == {"cat", "dog", "häst"}
    near = 1e-2 if "float16" in extra else 1e-5
    assert [guess["score"] for guess in file] == pytest.approx([guess["score"] for guess in spec], rel=near)
    assert run("verify", "t.onnx").status == 0
    assert run("bench", "t.onnx", "--seconds", 0, "--batch", 1).status == 0


def test_the_trained_lenet_reads_a_seven_out_of_its_file(run: Run) -> None:
    run("export", "--onnx", "lenet5")
    ran = run("run", "lenet5.onnx", "--image", SEVEN)
    assert ran.out.splitlines()[1].split()[0] == "7"
    assert "inverted" in ran.err


NUMBERS = st.integers(-300_000, 300_000).map(lambda n: n / 1000)


@given(
    bgr=st.booleans(),
    invert=st.booleans(),
    scale=st.tuples(NUMBERS, NUMBERS),
    mean=st.lists(NUMBERS, min_size=3, max_size=3) | st.just([]),
    std=st.lists(st.integers(100, 300_000).map(lambda n: n / 1000), min_size=3, max_size=3) | st.just([]),
    form=st.sampled_from(FORMS),
)
def test_the_graph_prepares_pictures_as_run_does(
    tmp_path_factory: pytest.TempPathFactory,
    bgr: bool,
    invert: bool,
    scale: tuple[float, float],
    mean: list[float],
    std: list[float],
    form: str,
) -> None:
    folder = tmp_path_factory.mktemp("prepared")
    said = f"{'@bgr ' * bgr}{'@invert ' * invert}@scale{scale}"
    if mean or std:
        said += f" @normalize({tuple(mean) or 0}, {tuple(std) or 1})"
    network = cnngraph.parse(f"input (?H, ?W, 3) {said}\nmaxpool 1x1\n")
    network.export(folder / "plain.onnx")
    network.export(folder / "prepared.onnx", preprocess=form)
    path = folder / "p.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (4, 7, 3), np.uint8)).save(path)
    plain, within = Session(folder / "plain.onnx"), Session(folder / "prepared.onnx")
    assert [port.name for port in within.inputs] == [port.name for port in plain.inputs]
    wanted = images.read(path, (None, None), 3, plain.done)
    given_ = images.read(path, (None, None), 3, within.done)
    assert given_.dtype == (np.uint8 if form == "uint8-nhwc" else np.float32)
    (got,) = within.run({within.inputs[0].name: given_}).values()
    (same,) = plain.run({plain.inputs[0].name: wanted}).values()
    np.testing.assert_allclose(got, same, rtol=1e-4, atol=1e-5 * max(1.0, float(np.abs(same).max())))


def test_bytes_go_in_as_an_array_too(run: Run, tmp_path: Path, picture: Path) -> None:
    (tmp_path / "t.spec").write_text(NET)
    run("export", "--onnx", "t.spec", "--preprocess", "uint8-nhwc")
    shown = np.asarray(Image.open(picture).resize((5, 6), Image.Resampling.BILINEAR))
    np.save(tmp_path / "x.npy", shown)
    np.save(tmp_path / "chw.npy", shown.transpose(2, 0, 1).astype(np.float64))
    np.save(tmp_path / "half.npy", shown + 0.5)
    outs = [run("run", "t.onnx", "--input", name).out for name in ("x.npy", "chw.npy")]
    outs.append("".join(run("run", "t.onnx", "--image", picture).out.splitlines(keepends=True)[1:]))
    assert outs[0] == outs[1] == outs[2] != ""
    assert "takes uint8" in run("run", "t.onnx", "--input", "half.npy").err
    assert "prepares its pictures itself" in run("run", "t.onnx", "--image", picture, "--invert").err


def test_metadata_is_what_the_docs_say(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.spec").write_text(NET)
    run("export", "--onnx", "t.spec")
    (said,) = onnx.load(tmp_path / "t.onnx").metadata_props
    assert said.key == KEY
    assert json.loads(said.value) == {
        "version": 1,
        "pictures": {
            "bgr": True,
            "invert": True,
            "scale": [-1, 3],
            "mean": [0.1, 0.2, 0.3],
            "std": [0.5, 2, 4],
            "within": None,
        },
        "classes": {"fc1.softmax": ["cat", "dog", "häst"]},
    }


def test_a_network_that_says_nothing_has_no_metadata(tmp_path: Path) -> None:
    cnngraph.parse("input 4x4x3\nconv 2 3x3").export(tmp_path / "t.onnx")
    assert not onnx.load(tmp_path / "t.onnx").metadata_props


@given(
    st.builds(
        About,
        st.none()
        | st.builds(
            Preprocessing,
            st.booleans(),
            st.booleans(),
            st.floats(-1e38, 1e38),
            st.floats(-1e38, 1e38),
            st.lists(st.floats(-1e38, 1e38)).map(tuple),
            st.lists(st.floats(-1e38, 1e38)).map(tuple),
            st.none() | st.sampled_from(FORMS),
        ),
        st.dictionaries(st.text(), st.lists(st.text().filter(lambda text: not UNSHOWN.search(text))).map(tuple)),
    )
)
def test_what_is_written_is_read(said: About) -> None:
    assert (read(text) if (text := said.written()) else About()) == said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nothing", "Expecting value"),
        ("[" * 100_000, ""),
        ("[]", "no version"),
        ('{"version": 2}', "version 2"),
        ('{"version": 1, "pictures": []}', "no object"),
        ('{"version": 1, "pictures": {"mean": ["a"]}}', "no list of numbers"),
        ('{"version": 1, "pictures": {"mean": 1}}', "no list of numbers"),
        ('{"version": 1, "pictures": {"scale": [1]}}', "not two numbers"),
        ('{"version": 1, "pictures": {"within": "png"}}', "'png'"),
        ('{"version": 1, "pictures": {"scale": [0, 1e999]}}', "too large"),
        ('{"version": 1, "pictures": {"mean": [1' + "0" * 400 + "]}}", "too large"),
        ('{"version": 1, "pictures": {"std": [NaN]}}', "too large"),
        ('{"version": 1, "classes": {"fc1.softmax": ["a", "b", "\\u001b[2J"]}}', "not lists of texts"),
        ('{"version": 1, "classes": {"fc1.softmax": ["a", "b", "\\ud800"]}}', "not lists of texts"),
        ('{"version": 1, "classes": {"fc1.softmax": "abc"}}', "not lists of texts"),
        ('{"version": 1, "classes": {"fc1.softmax": ["a"]}}', "1 names for the 3 classes"),
        ('{"version": 1, "classes": {"x": ["a"]}}', "`x`, which is no output"),
    ],
)
def test_damaged_metadata_is_said(run: Run, tmp_path: Path, picture: Path, text: str, reason: str) -> None:
    (tmp_path / "t.spec").write_text(NET)
    run("export", "--onnx", "t.spec")
    model = onnx.load(tmp_path / "t.onnx")
    model.metadata_props[0].value = text
    onnx.save(model, tmp_path / "t.onnx")
    for command in (("run", "t.onnx", "--image", picture), ("verify", "t.onnx"), ("bench", "t.onnx")):
        ran = run(*command)
        assert ran.status == 1
        assert "E0821" in ran.err
        assert reason in ran.err


def test_pictures_of_which_nothing_is_said_are_warned_of(run: Run, tmp_path: Path, picture: Path) -> None:
    text = "net t\ninput 4x4x3{}\nconv 2 3x3 -> flatten\nsoftmax 3\n"
    for said, warned in (("", True), (" @scale(0, 1)", False)):
        (tmp_path / "t.spec").write_text(text.format(said))
        run("export", "--onnx", "t.spec")
        network = cnngraph.load("t.spec")
        weights = {f"{a.name}.{n}": np.ones(p.shape, np.float32) for a in network for n, p in a.parameters.items()}
        np.savez(tmp_path / "w.npz", **weights)  # type: ignore[arg-type]
        assert ("nothing says" in run("run", "t.onnx", "--image", picture).err) == warned
        assert ("nothing says" in run("run", "t.spec", "--weights", "w.npz", "--image", picture).err) == warned
        assert "nothing says" not in run("run", "t.spec", "--image", picture).err
        assert "nothing says" not in run("run", "t.onnx", "--image", picture, "--mean", 0.5).err


NO_WEIGHTS = {"plain34", "unet"}
"""Networks on pictures of any kind for which no weights with a known preparation are published."""


@pytest.mark.parametrize("name", [name for name in shipped() if name not in NO_WEIGHTS])
def test_every_network_for_imagenet_says_what_it_takes(name: str) -> None:
    network = cnngraph.load(name)
    (output, *_) = network.outputs
    if network[output.layer].output.dims != (1000,) and name != "yolov2":
        return
    said = about(network)
    assert said.pictures is not None
    if name != "yolov2":
        assert said.classes[output.name] == shipped_names("imagenet")


def test_imagenet_has_its_names() -> None:
    assert lists() == ["imagenet"]
    names = shipped_names("imagenet")
    assert len(names) == len(set(names)) == 1000
    # From the list of synsets (n01440764, n02123045, n15075141).
    assert (names[0], names[281], names[999]) == ("tench", "tabby", "toilet tissue")


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ('softmax 3 @classes("imagnet")', "E0216", "no list of classes"),
        ('softmax 3 @classes("a", "b")', "E0216", "2 names for 3 classes"),
        ('softmax 3 @classes("imagenet")', "E0216", "1000 names for 3 classes"),
    ],
)
def test_wrong_classes_are_said_before_it_runs(line: str, code: str, message: str) -> None:
    with pytest.raises(cnngraph.CnngraphError) as raised:
        cnngraph.parse(f"input 10\n{line}")
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == code
    assert message in diagnostic.message
    assert diagnostic.label is not None


@pytest.mark.parametrize("said", ["@normalize((1, 2), 1)", "@normalize(0, 0)", "@normalize(0, (1, 2))"])
def test_wrong_numbers_are_said_before_it_runs(said: str) -> None:
    with pytest.raises(cnngraph.CnngraphError, match="E0804"):
        cnngraph.parse(f"input 4x4x3 {said}\nflatten")
    with pytest.raises(cnngraph.CnngraphError, match="E0804"):
        cnngraph.parse("input 4x4x1 @bgr\nflatten")


@pytest.mark.parametrize("text", [NET, NET.replace("softmax 3 ", "flatten -> softmax ").replace("conv 2", "conv 3")])
def test_logits_are_what_goes_into_the_softmax(tmp_path: Path, picture: Path, text: str) -> None:
    network = cnngraph.parse(text)
    network.export(tmp_path / "a.onnx")
    network.export(tmp_path / "b.onnx", logits=True)
    whole, without = Session(tmp_path / "a.onnx"), Session(tmp_path / "b.onnx")
    feed = {"image": images.read(picture, (6, 5), 3, whole.done)}
    (probabilities,), (logits,) = whole.run(feed).values(), without.run(feed).values()
    powers = np.exp(logits)
    np.testing.assert_allclose(powers / powers.sum(), probabilities, rtol=1e-5)
    assert [*without.about.classes.values()] == [("cat", "dog", "häst")]
    assert without.outputs[0].name == network[network.outputs[0].layer].inputs[0]


def test_no_softmax_no_logits(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.spec").write_text("input 4\nfc 3\n")
    assert "E0908" in run("export", "--onnx", "t.spec", "--logits").err
    (tmp_path / "t.spec").write_text("input 4\na: fc 3\nb: softmax\noutput a b\n")
    assert "E0908" in run("export", "--onnx", "t.spec", "--logits").err


@pytest.mark.parametrize("name", ["lenet5", "squeezenet1_1"])
def test_verify_takes_files_in_8_bits(run: Run, name: str) -> None:
    run("export", "--onnx", name, "--int8", "--calibrate", EXAMPLES / "digits", "-o", "x.onnx")
    model = onnx.load("x.onnx")
    made = {output for node in model.graph.node for output in node.output}
    assert {info.name for info in model.graph.value_info} <= made
    ran = run("verify", "x.onnx")
    assert ran.status == 0, ran.err
    assert any(each.key == KEY for each in model.metadata_props)


def test_what_is_no_single_picture_of_bytes_is_refused(run: Run, tmp_path: Path) -> None:
    grey = np.full((8, 8), 0.5, np.float32)
    Image.fromarray(grey).save("float.tif")
    Image.fromarray((grey * 1e6).astype(np.int32)).save("int32.tif")
    frames = [Image.new("L", (8, 8), shade) for shade in (0, 128, 255)]
    for name in ("a.gif", "a.tif", "a.webp", "a.png"):
        frames[0].save(name, save_all=True, append_images=frames[1:])
    for name, said in {
        "float.tif": "fractions",
        "int32.tif": "32 bits",
        "a.gif": "3 frames",
        "a.tif": "3 pages",
        "a.webp": "3 frames",
        "a.png": "3 frames",
    }.items():
        ran = run("run", "lenet5", "--image", name)
        assert ran.status == 1, name
        assert "E0808" in ran.err
        assert said in ran.err
        drawn = run("render", "lenet5", "--image", name, "-o", "x.svg")
        assert drawn.status == 1, name
        assert said in drawn.err


def test_a_photograph_is_drawn_upright_and_sixteen_bits_are_no_white(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (8, 4), "red").save(tmp_path / "turned.jpg", exif=exif)
    grey = tmp_path / "grey.png"
    Image.fromarray(np.full((4, 4), 0x8080, np.uint16)).save(grey)
    turned = Image.open(io.BytesIO(png_of((tmp_path / "turned.jpg").read_bytes(), 0.5, grey=False)))
    assert turned.size == (4, 8)
    assert Image.open(io.BytesIO(png_of(grey.read_bytes(), 1.0, grey=True))).convert("L").getpixel((0, 0)) == 0x80


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize(("size", "ratio", "wanted"), [
    ((40, 20), 1.0, (20, 20)), ((20, 40), 1.0, (20, 20)), ((30, 20), 1.5, (30, 20)), ((30, 20), 3.0, (30, 10)),
    ((9, 9), 100.0, (9, 1)), ((3000, 1500), 2.0, (1024, 512)),
])  # fmt: skip
def test_a_picture_is_cut_and_not_squeezed(
    size: tuple[int, int], ratio: float, wanted: tuple[int, int], grey: bool
) -> None:
    across = np.linspace(0, 255, size[0])[None, :, None] * [1, 0.5, 0]
    shown = Image.fromarray(np.broadcast_to(across, (size[1], size[0], 3)).astype(np.uint8))
    buffer = io.BytesIO()
    shown.save(buffer, "PNG")
    made = Image.open(io.BytesIO(png_of(buffer.getvalue(), ratio, grey=grey)))
    assert made.size == wanted
    assert made.mode == ("L" if grey else "RGB")
    if max(size) <= 1024:
        left, top = (size[0] - wanted[0]) // 2, (size[1] - wanted[1]) // 2
        box = (left, top, left + wanted[0], top + wanted[1])
        assert made.tobytes() == (shown.convert("L") if grey else shown).crop(box).tobytes()
    if size == wanted and not grey:
        assert png_of(buffer.getvalue(), ratio, grey=False) == buffer.getvalue()


def test_what_is_transparent_is_white() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(buffer, "PNG")
    made = Image.open(io.BytesIO(png_of(buffer.getvalue(), 1.0, grey=False)))
    assert made.getpixel((1, 1)) == (255, 255, 255)


def test_python_warns_of_pictures_of_which_nothing_is_said(picture: Path) -> None:
    network = cnngraph.parse("input 4x4x3\nflatten")
    with pytest.warns(UserWarning, match="nothing says") as warned:
        network.run(picture, {})
    assert warned[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network.run(picture, {}, mean=0.5)
        network.run(picture)
        cnngraph.parse("input 4x4x3 @scale(0, 1)\nflatten").run(picture, {})


@pytest.mark.parametrize(
    "inputs", ["input a 8x8x3\ninput b 8x8x3\nfrom a -> add b", "input 8x8x4\nrelu", "input 8\nfc 2"]
)
def test_only_what_takes_one_picture_can_be_given_its_preparation(run: Run, tmp_path: Path, inputs: str) -> None:
    (tmp_path / "t.spec").write_text(f"net t\n{inputs}\n")
    assert "E0907" in run("export", "--onnx", "t.spec", "--preprocess", "uint8-nhwc").err
