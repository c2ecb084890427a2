"""Arguments to kinds: what was written on a step, over the defaults in force, becomes a kind with its values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cnngraph.diagnostics import Fix
from cnngraph.elaborate.foreign import AKIN, ARGUMENTS, suggestion
from cnngraph.elaborate.mistake import Mistake, did_you_mean, slip
from cnngraph.elaborate.scope import Defaults, Scope, Setting, Tensor
from cnngraph.elaborate.values import evaluate, find_tensor
from cnngraph.layers import ACTIVATIONS, KINDS, NORMS, Kind
from cnngraph.layers.kind import Argument
from cnngraph.layers.values import PADDING, BadValue
from cnngraph.source import Span
from cnngraph.spec import syntax as s
from cnngraph.volume import Volume

_NORM_KEYWORDS = {argument.keyword: norm for norm in reversed(NORMS.values()) for argument in norm.arguments()}
"""The arguments that may stand on another's step because a normalization does; of several that have one the first."""


@dataclass(slots=True)
class Bound:
    """The arguments of one step."""

    values: dict[str, Any] = field(default_factory=dict)
    """By the field's name."""
    spans: dict[str, Span] = field(default_factory=dict)
    """Where each field was set: on the step or in a `default`."""
    tensors: list[tuple[Tensor, Span]] = field(default_factory=list)
    norm: type[Kind] | None = None
    norm_settings: list[Setting] = field(default_factory=list)
    activation: type[Kind] | None = None
    activation_settings: list[Setting] = field(default_factory=list)
    says_linear: bool = False
    """The step itself, not a default, says `linear`."""
    made: tuple[Kind, ...] = ()
    """The layer and those behind it on the same step, once they are made."""
    unremarkable: set[tuple[Volume, ...]] = field(default_factory=set)
    """What may flow in without a remark."""


def bind(kind: type[Kind], step: s.Step, scope: Scope, word: str = "") -> Bound:
    """The step's arguments over the defaults of *kind*; raises `Mistake`."""
    bound = Bound()
    for setting in scope.defaults.of(kind.word).values():
        _set(kind, bound, setting, positions=None)
    of_defaults = len(bound.norm_settings)
    _bind_step(kind, bound, step.arguments, scope)
    if bound.norm_settings:
        bound.norm_settings = _settings_of_norm(bound, of_defaults)
    missing = [argument for argument in kind.arguments() if argument.required and argument.field not in bound.values]
    if missing:
        first = missing[0]
        shown = word or kind.word
        raise Mistake(
            "E0207",
            f"`{shown}` needs {_a(first)}",
            step.span,
            first.doc,
            help=f"write it on the line, or once for all in  default {kind.word} …" if kind.word == shown else "",
        )
    return bound


def _settings_of_norm(bound: Bound, of_defaults: int) -> list[Setting]:
    """Those that the step's normalization has; one that it has not is a mistake on the step, and idle in a default."""
    taken = {argument.keyword for argument in bound.norm.arguments()} if bound.norm else set()
    for setting in bound.norm_settings[of_defaults:]:
        if setting.arg.keyword not in taken:
            word = _NORM_KEYWORDS[setting.arg.keyword].word
            message = f"`{setting.arg.keyword}` belongs to `{word}`, and this step has none"
            raise Mistake("E0206", message, setting.arg.span, help="" if bound.norm else f"add  {word}")
    return [setting for setting in bound.norm_settings if setting.arg.keyword in taken]


def _a(argument: Argument) -> str:
    return {"window": "a window, as in 3x3", "channels": "a number of channels", "units": "a number of units"}.get(
        argument.field, f"a value for `{argument.keyword}`"
    )


def make(kind: type[Kind], bound: Bound) -> Kind:
    """The kind with the bound values. `bias` falls away where a normalization subtracts it, unless it was asked for."""
    values = dict(bound.values)
    subtracted = bound.norm is not None and bound.norm.subtracts_mean
    if subtracted and "bias" not in values and any(argument.field == "bias" for argument in kind.arguments()):
        values["bias"] = False
    return kind(**values)


def _follower(kind: type[Kind], settings: list[Setting], scope: Scope) -> Kind:
    """A normalization or an activation written as a word on another step."""
    bound = Bound()
    for setting in (*scope.defaults.of(kind.word).values(), *settings):
        _set(kind, bound, setting, positions=None)
    return kind(**bound.values)


def followers(bound: Bound, behind: type[Kind] | None, scope: Scope) -> tuple[Kind, ...]:
    """The layers behind the one that *bound* is for; *behind* is what its word has there by itself."""
    found = [_follower(bound.norm, bound.norm_settings, scope)] if bound.norm is not None else []
    if behind is not None:
        found.append(behind())
    elif bound.activation is not None:
        found.append(_follower(bound.activation, bound.activation_settings, scope))
    return tuple(found)


def is_plain(kind: type[Kind], bound: Bound, step: s.Step, scope: Scope) -> bool:
    """Whether all that made *bound* are words and written values, so that it is the same wherever the step stands."""
    parts = (kind, bound.norm, bound.activation)
    if any(part is not None and part.word in scope.defaults.unsteady for part in parts):
        return False
    return all(_is_steady(kind, arg) for arg in step.arguments)


def _is_steady(kind: type[Kind], arg: s.Arg) -> bool:
    """Whether *arg* hangs on no value and no tensor."""
    if isinstance(arg.value, s.Literal):
        return True
    word = _word_of(arg)
    return word in _words(kind) or _is_follower_word(kind, word)


def with_default(kind: type[Kind], step: s.Step, scope: Scope) -> Defaults:
    """The defaults from a ``default`` statement on, which is tried once so that a mistake is reported there."""
    set_by = _bind_step(kind, Bound(), step.arguments, scope)
    positions = [argument for argument in kind.arguments() if argument.positional]
    settings = {name: Setting(_named(kind, arg, scope, positions), scope) for name, arg in set_by}
    steady = all(_is_steady(kind, setting.arg) for setting in settings.values())
    return scope.defaults.with_more(kind.word, settings, steady)


def _named(kind: type[Kind], arg: s.Arg, scope: Scope, positions: list[Argument]) -> s.Arg:
    """A positional argument of a default, with the keyword it stands for, so that it takes no position later."""
    if arg.keyword or _word_of(arg) in _words(kind) or _is_follower_word(kind, _word_of(arg)):
        return arg
    argument = _place_for(evaluate(arg.value, scope), positions)
    assert argument is not None, "bound once already"
    return s.Arg(arg.span, argument.keyword, arg.value)


def _place_for(value: object, positions: list[Argument]) -> Argument | None:
    """The first open place that takes *value*, which is taken: a size such as 3x3 goes to a window."""
    for argument in positions:
        if not isinstance(value, tuple) or argument.type.takes_lists:
            positions.remove(argument)
            return argument
    return None


def _is_follower_word(kind: type[Kind], word: str) -> bool:
    return kind.followers and (word == "linear" or word in NORMS or word in ACTIVATIONS)


def _bind_step(kind: type[Kind], bound: Bound, arguments: Iterable[s.Arg], scope: Scope) -> list[tuple[str, s.Arg]]:
    """Put the step's own arguments in their places; gives back what each sets."""
    positions = [argument for argument in kind.arguments() if argument.positional]
    seen: dict[str, Span] = {}
    found = []
    for arg in arguments:
        name = _set(kind, bound, Setting(arg, scope), positions)
        if name and name in seen:
            if name == "activation":
                raise Mistake("E0215", "a step has one activation", arg.span, help="put the other behind  ->")
            if name == "normalization":
                word = _word_of(arg) or arg.keyword
                if word != (seen[name].text.partition("=")[0].strip()):
                    raise Mistake("E0215", "a step has one normalization", arg.span, help="put the other behind  ->")
                name = word
            raise Mistake("E0215", f"`{name}` is given twice", arg.span, help="keep one of them")
        seen[name] = arg.span
        found.append((name, arg))
    return found


def _word_of(arg: s.Arg) -> str:
    return arg.value.names[0] if not arg.keyword and isinstance(arg.value, s.Ref) and len(arg.value.names) == 1 else ""


def _words(kind: type[Kind]) -> dict[str, tuple[Argument, object]]:
    """The words that set an argument of *kind*, with the value they set."""
    if kind in _WORDS:
        return _WORDS[kind]
    words: dict[str, tuple[Argument, object]] = {}
    for argument in kind.arguments():
        if argument.type.is_flag:
            words[argument.keyword] = (argument, True)
        for word, value in argument.type.words.items():
            words[word] = (argument, value)
    _WORDS[kind] = words
    return words


_WORDS: dict[type[Kind], dict[str, tuple[Argument, object]]] = {}


def _set(kind: type[Kind], bound: Bound, setting: Setting, positions: list[Argument] | None) -> str:
    """Put one argument where it belongs; gives back what it set. *positions* are the places still open."""
    arg, scope = setting.arg, setting.scope
    word = _word_of(arg)
    words = _words(kind)
    if word in words:
        argument, value = words[word]
        return _store(bound, argument, value, arg.span)
    if kind.followers and (name := _follow(bound, setting, word or arg.keyword, bool(word))):
        return name
    if arg.keyword:
        _refuse_keyword_before_word(kind, arg, scope)
        for argument in kind.arguments():
            if arg.keyword == argument.keyword:
                return _store(bound, argument, _converted(argument, arg, scope), arg.span, arg)
        raise _unknown_keyword(kind, arg)
    if kind.takes_tensors != "none" and isinstance(arg.value, s.Ref) and not _is_value(arg.value, scope):
        if kind.takes_tensors == "one" and bound.tensors:
            raise Mistake("E0208", f"`{kind.word}` takes one tensor", arg.span)
        bound.tensors.append((find_tensor(arg.value, scope), arg.span))
        return ""
    return _place(kind, bound, setting, positions if positions is not None else [])


def _refuse_keyword_before_word(kind: type[Kind], arg: s.Arg, scope: Scope) -> None:
    """``p=same``, ``activation=relu``: a word stands alone."""
    if not isinstance(arg.value, s.Ref) or len(arg.value.names) > 1 or scope.value(arg.value.names[0]) is not None:
        return
    word = arg.value.names[0]
    if word in _words(kind) or _is_follower_word(kind, word):
        message = f"`{word}` stands alone, without `{arg.keyword}=`"
        raise Mistake("E0206", message, arg.span.to(arg.value.span), replace=word)


def _is_value(ref: s.Ref, scope: Scope) -> bool:
    """Whether a name in an argument that may be a tensor is a value: a let, or a size such as ``in.c``."""
    if len(ref.names) == 1:
        return scope.tensor(ref.names[0]) is None and scope.value(ref.names[0]) is not None
    return ref.names[-1] in ("h", "w", "c")


def _follow(bound: Bound, setting: Setting, word: str, is_word: bool) -> str:
    """``bn``, ``bn=off``, ``relu``, ``linear``, ``leaky=0.1``, and the ``eps=`` of a bn on a step."""
    if word in NORMS:
        is_on = is_word or evaluate(setting.arg.value, setting.scope)
        if not isinstance(is_on, bool):
            first = next((argument for argument in NORMS[word].arguments() if argument.positional), None)
            if first is None:
                raise Mistake("E0208", f"`{word}` is on or off", setting.arg.span)
            own = Setting(s.Arg(setting.arg.span, first.keyword, setting.arg.value), setting.scope)
            _set(NORMS[word], Bound(), own, None)
            bound.norm_settings.append(own)
            is_on = True
        bound.norm = NORMS[word] if is_on else None
        return "normalization"
    if word == "linear" and is_word:
        bound.activation, bound.says_linear = None, True
        return "activation"
    if word in ACTIVATIONS:
        activation = ACTIVATIONS[word]
        bound.activation, bound.activation_settings = activation, []
        if not is_word:
            given = [Setting(arg, setting.scope) for arg in _of_activation(activation, setting.arg)]
            for each in given:
                _set(activation, Bound(), each, None)
            bound.activation_settings = given
        return "activation"
    if word in _NORM_KEYWORDS and not is_word:
        _set(_NORM_KEYWORDS[word], Bound(), setting, None)
        bound.norm_settings.append(setting)
        return word
    return ""


def _of_activation(activation: type[Kind], arg: s.Arg) -> list[s.Arg]:
    """What ``leaky=0.1``, ``prelu=shared`` and ``hsigmoid=(0.2, 0.4)`` on a step set of the activation."""
    if _word_of(s.Arg(arg.span, "", arg.value)) in _words(activation):
        return [s.Arg(arg.span, "", arg.value)]
    arguments = [argument for argument in activation.arguments() if not argument.type.is_flag]
    if not arguments:
        words = "  or  ".join(f"{activation.word}={word}" for word in _words(activation))
        raise Mistake(
            "E0206", f"`{activation.word}` has no argument", arg.span, help=f"write  {words}" if words else ""
        )
    values = arg.value.items if isinstance(arg.value, s.Group) else (arg.value,)
    if len(values) > len(arguments):
        raise Mistake("E0208", f"`{activation.word}` takes {len(arguments)}, not {len(values)}", arg.value.span)
    return [s.Arg(arg.span, each.keyword, value) for each, value in zip(arguments, values, strict=False)]


def _place(kind: type[Kind], bound: Bound, setting: Setting, positions: list[Argument]) -> str:
    arg, scope = setting.arg, setting.scope
    if isinstance(arg.value, s.Ref) and len(arg.value.names) == 1 and scope.value(arg.value.names[0]) is None:
        name = arg.value.names[0]
        if name not in ("on", "off"):
            raise _unknown_word(kind, name, arg, scope)
    place = _place_for(evaluate(arg.value, scope), positions)
    if place is not None:
        return _store(bound, place, _converted(place, arg, scope), arg.span, arg)
    takes = ", ".join(argument.keyword for argument in kind.arguments() if argument.positional)
    raise Mistake(
        "E0208",
        f"`{kind.word}` has no place for `{_short(arg.span.text)}`",
        arg.span,
        f"by position it takes {takes}" if takes else "it takes no value by position",
        help="name the argument, as in  s=2" if takes else "",
    )


def _unknown_word(kind: type[Kind], name: str, arg: s.Arg, scope: Scope) -> Mistake:
    """A word behind a layer that is neither a value nor one of its words."""
    takes_tensors = kind.takes_tensors != "none"
    code, what = ("E0201", "tensor") if takes_tensors else ("E0202", "value or word")
    message = f"`{name}` is no {what} that `{kind.word}` knows"
    if name in KINDS or scope.block(name) is not None:
        fix = Fix(Span(arg.span.source, arg.span.start, arg.span.start), "-> ")
        return Mistake(code, message, arg.span, "it is a layer or block: `->` is missing before it", fix=fix)
    if scope.tensor(name) is not None:
        help = f"for two tensors write  {kind.of_tensors} {name}" if kind.of_tensors else ""
        return Mistake(code, message, arg.span, f"it is a tensor; its sizes are {name}.h {name}.w {name}.c", help=help)
    words = list(_words(kind))
    followers = [*NORMS, "linear", *ACTIVATIONS] if kind.followers else []
    said = suggestion(
        name, [*words, *followers, *scope.value_names(), *(scope.tensor_names() if takes_tensors else ())]
    )
    if kind.followers:
        some = [f"a normalization such as {next(iter(NORMS))}", f"or an activation such as {next(iter(ACTIVATIONS))}"]
        words += ["linear", *some]
    help = f"words that `{kind.word}` takes: {', '.join(words)}" if words else ""
    return Mistake(code, message, arg.span, said.hint, help=said.help or help, replace=said.replace)


def _short(text: str) -> str:
    """For a message: one line of at most 40 characters."""
    line = " ".join(text[:200].split())
    return line if len(line) <= 40 else line[:39] + "…"


def _converted(argument: Argument, arg: s.Arg, scope: Scope) -> object:
    value = evaluate(arg.value, scope)
    if argument.type.words and isinstance(value, str) and value in argument.type.words:
        return argument.type.words[value]
    try:
        return argument.type.convert(value)
    except BadValue as bad:
        if bad.code != "E0208":
            raise Mistake(bad.code, str(bad), arg.value.span, bad.help) from None
        raise Mistake("E0208", f"`{argument.keyword}` is {bad}", arg.value.span, argument.doc, help=bad.help) from None


def _store(bound: Bound, argument: Argument, value: object, span: Span, arg: s.Arg | None = None) -> str:
    bound.values[argument.field] = value
    bound.spans[argument.field] = arg.value.span if arg else span
    return argument.keyword


def _unknown_keyword(kind: type[Kind], arg: s.Arg) -> Mistake:
    known = shown = [argument.keyword for argument in kind.arguments()]
    if kind.followers:
        known = [*known, *NORMS, *_NORM_KEYWORDS]
        shown = [*shown, "and those of a normalization on the step"]
    word = arg.keyword.lower()
    paddings = [argument.keyword for argument in kind.arguments() if argument.type is PADDING]
    near, akin = ARGUMENTS.get(word, ""), AKIN.get(word, "")
    # `p` is a padding or a probability.
    if near in known and (near != "p" or near in paddings):
        hint = f"here it is called `{near}`"
    elif akin in known and akin not in paddings:
        hint, near = f"is `{akin}` meant?", ""
    else:
        hint, _ = did_you_mean(arg.keyword, known)
        near = slip(arg.keyword, known)
    takes = f"its arguments are: {', '.join(shown)}" if shown else "it takes no named arguments"
    return Mistake(
        "E0206",
        f"`{kind.word}` has no argument `{arg.keyword}`",
        arg.span,
        hint or takes,
        help=takes if hint else "",
        replace=near if hint else "",
    )
