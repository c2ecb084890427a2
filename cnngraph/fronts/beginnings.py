"""How files of each format begin. What reads them is imported when one of them is there."""

from __future__ import annotations

import re

from cnngraph.text import is_text

_DARKNET = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*(?:[#;][^\r\n]*)?[\r\n]+)*[ \t]*\[[ \t]*net(?:work)?[ \t]*\]")
_CAFFE = re.compile(
    rb"""(?:\xef\xbb\xbf)?(?:\s++|\#[^\n]*+)*+
    (?:layers?\s*+:?\s*+\{ | (?:name|input)\s*+:\s*+["'] | (?:input_dim)\s*+:\s*+\d | (?:input_shape|state)\s*+:?\s*+\{
     | force_backward\s*+:)""",
    re.VERBOSE,
)


def is_onnx(head: bytes) -> bool:
    """With the fields of a ``ModelProto`` and no others."""
    if is_text(head):
        return False
    from cnngraph.fronts.onnx import recognises

    return recognises(head)


def is_darknet(head: bytes) -> bool:
    """As a ``.cfg``: with comments, and then the section of the network itself."""
    return _DARKNET.match(head) is not None and is_text(head)


def is_caffe(head: bytes) -> bool:
    """As a ``.prototxt`` of a network: with one of the fields that it may have first."""
    return _CAFFE.match(head) is not None and is_text(head)
