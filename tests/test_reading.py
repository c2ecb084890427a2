"""Reading specs: files that are none, and values from outside."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts import load, parse
from cnngraph.text import MAX_FILE
from cnngraph.volume import Volume
from tests.conftest import Run

FINE = "net t\ninput 8x8x3\nconv 4 3x3\n"


def refused(file: Path | str) -> str:
    with pytest.raises(CnngraphError) as caught:
        load(file)
    (diagnostic,) = caught.value.diagnostics
    return f"{diagnostic.code}: {diagnostic.message}; {diagnostic.help}; {diagnostic.reason}"


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("model.onnx", b"\x08\x08\x12\x00", "E0310: there is no network in this file"),
        ("photo.png", b"\x89PNG\r\n\x1a\n\0\0", "E0107: FILE is a picture, and not a spec; a .spec is plain text; `cn"),
        ("w.npz", b"PK\x03\x04", "E0107: FILE is a file of numbers, and not a spec"),
        ("m.bin", b"\x1c\0\0\0TFL3\0\0", "E0107: FILE is a TensorFlow Lite model, and not a spec"),
        ("m.pb", b"\x0a\x02\0\0", "E0107: FILE is a TensorFlow graph, and not a spec"),
        ("a.spec", b"net t\0", "E0107: FILE is not a text file"),
        ("a.spec", FINE.encode("utf-16"), "E0107: FILE is in UTF-16; save it as UTF-8"),
        ("a.spec", b"net t\n# caf\xe9\n", "E0107: "),
        ("a.spec", b"", "E0310: there is no network in this file"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_spec_is_named_for_what_it_is(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert refused(tmp_path / name).startswith(says.replace("FILE", str(tmp_path / name)))


def test_latin_1_is_told_by_its_byte_and_line(tmp_path: Path) -> None:
    (tmp_path / "a.spec").write_bytes(b"net t\nconv 6 caf\xe9\n")
    message = refused(tmp_path / "a.spec")
    assert "byte 16" in message
    assert "line 2" in message
    assert "0xE9" in message


def test_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.spec").write_text(FINE)
    assert "did you mean" in refused("resnett")
    assert "mine.spec" in refused("mime.spec")
    assert "E0110: there is no file nowhere/a.spec" in refused("nowhere/a.spec")
    assert "name one of the .spec files in it" in refused(tmp_path)


def test_a_file_of_more_than_the_limit_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "big.spec").open("wb") as stream:
        stream.truncate(MAX_FILE * 100)
    assert "E0504" in refused(tmp_path / "big.spec")


@pytest.mark.parametrize("text", [FINE.replace("\n", "\r\n"), FINE.replace("\n", "\r"), "\ufeff" + FINE])
def test_line_ends_and_marks_of_other_systems_are_fine(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.spec").write_bytes(text.encode())
    assert load(tmp_path / "a.spec").params == 112


def test_a_file_in_the_folder_comes_before_a_network_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load("lenet5").params == 61_706
    (tmp_path / "lenet5").write_text(FINE)
    assert load("lenet5").params == 112


def test_params_are_set_by_name() -> None:
    assert load("resnet", depth=34).params == 21_797_672
    assert parse("net t\nparam c = 4\ninput 8x8x3\nconv c 3x3\n", c=8).params == 224
    with pytest.raises(CnngraphError, match="has no param `d`"):
        parse("net t\nparam c = 4\ninput 8x8x3\nconv c 3x3\n", d=8)


@pytest.mark.parametrize(
    ("params", "help"),
    [
        ("param width = 4\nparam turns = 2", "did you mean `width`?"),
        ("param c = 4\nparam turns = 2", "it has c, turns"),
        ("", "it has no params at all"),
    ],
)
def test_a_setting_of_no_param_is_told_what_there_is(params: str, help: str) -> None:
    with pytest.raises(CnngraphError, match="has no param `widht`") as caught:
        parse(f"net t\n{params}\ninput 8x8x3\nrelu\n", widht=8)
    assert caught.value.diagnostics[0].help == help


@pytest.mark.parametrize("given", [[6, 8], (6, 8), "(6, 8)"])
def test_a_list_is_set_as_python_or_the_language_writes_it(given: object) -> None:
    network = parse("net t\nparam c = (4, 5)\ninput 8x8x3\nconv c[0] 3x3 relu -> conv c[1] 3x3\n", c=given)
    assert network[network.outputs[0].layer].output == Volume((4, 4, 8))
    assert network.params == 6 * 27 + 6 + 8 * 54 + 8


def test_max_nodes_limits(run: Run) -> None:
    ran = run("check", "resnet", "--max-nodes", 50)
    assert ran.status == 1
    assert "the limit is 50 nodes" in ran.err


def test_a_spec_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(FINE.encode())))
    assert run("check", "-").out == "<stdin>: t is fine: 2 layers, 112 parameters, 3,888 multiply-accumulates\n"


# Other files ---------------------------------------------------------------------------------


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.spec").write_text(text)


def test_used_files_give_their_blocks_and_networks(tmp_path: Path) -> None:
    write(
        tmp_path,
        blocks="block pair(c) {\n  [conv c 3x3 same relu] x2\n}\n",
        stem="net stem\nparam c = 4\ninput 8x8x3\nconv c 3x3 same\n",
        main='net t\nuse "blocks.spec" as b\nuse "stem.spec"\ninput 8x8x3\nstem c=8\nb.pair 16\n',
    )
    network = load(tmp_path / "main.spec")
    assert [layer.name for layer in network] == [
        "image", "stem1.conv1", "pair1.conv1", "pair1.conv1.relu", "pair1.conv2", "pair1.conv2.relu"]  # fmt: skip


def test_a_circle_of_files_is_told(tmp_path: Path) -> None:
    write(tmp_path, a='use "b.spec"\nblock a() {\n  relu\n}\n', b='use "a.spec"\nblock b() {\n  relu\n}\n')
    write(tmp_path, main='net t\nuse "a.spec"\ninput 8x8x3\na\n')
    assert "a.spec -> " in refused(tmp_path / "main.spec")


@pytest.mark.parametrize("path", ["../secret.spec", "/etc/passwd", "sub/../../secret.spec"])
def test_use_does_not_leave_its_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "inner").mkdir()
    write(tmp_path, secret="block s() {\n  relu\n}\n")
    write(tmp_path / "inner", main=f'net t\nuse "{path}"\ninput 8x8x3\ns\n')
    assert "leaves the folder of the spec" in refused(tmp_path / "inner" / "main.spec")


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    write(tmp_path, secret="block s() {\n  relu\n}\n")
    (tmp_path / "inner" / "link.spec").symlink_to(tmp_path / "secret.spec")
    write(tmp_path / "inner", main='net t\nuse "link.spec"\ninput 8x8x3\ns\n')
    assert "leaves the folder of the spec" in refused(tmp_path / "inner" / "main.spec")


FREE = "net t\ninput (?H, ?W, 3)\nconv 4 3x3 same s=2 => (?, ?, 4)\navgpool f=2 s=2\n"


def test_a_free_size_can_be_set() -> None:
    network = parse(FREE, H=8, W="12")
    assert network.inputs[0].output == Volume((8, 12, 3))
    assert network[network.outputs[0].layer].output == Volume((2, 3, 4))
    half = parse(FREE, W=12)
    assert str(half.inputs[0].output) == "(?H, 12, 3)"


@pytest.mark.parametrize("size", ["x", 0, -3, "1.5", True])
def test_a_size_is_a_whole_number(size: object) -> None:
    with pytest.raises(CnngraphError, match="a size is a whole number of at least 1"):
        parse(FREE, H=size)


def test_claims_hold_for_sizes_that_are_set() -> None:
    text = "net t\ninput image (?H, ?W, 3)\ninput mask (?H, ?W, 1)\nfrom image -> concat mask => (?H, ?W, 4)\n"
    assert parse(text, H=8, W=8).outputs
    assert parse(text + "flatten -> fc 3\n", H=8, W=9).params == 8 * 9 * 4 * 3 + 3
