"""Expressions: whole numbers stay whole, and nothing grows without bound."""

from __future__ import annotations

import math
from collections.abc import Callable

from cnngraph.elaborate.mistake import Mistake, Silent, did_you_mean, slip
from cnngraph.elaborate.scope import Scope, Tensor, Value
from cnngraph.layers.kind import KINDS
from cnngraph.layers.values import show
from cnngraph.source import Span
from cnngraph.spec import syntax as s
from cnngraph.volume import Dim, Free, Volume

LARGEST = 2**53
"""Beyond it a float no longer counts whole numbers exactly; no size of a network is near."""

_SIZES = {"h": "height", "w": "width", "c": "channels"}


def evaluate(expr: s.Expr, scope: Scope) -> Value:
    """The value of *expr*; raises `Mistake`, or `Silent` where it hangs on a tensor without a volume."""
    match expr:
        case s.Literal():
            return expr.value
        case s.Ref():
            return _name(expr, scope)
        case s.Operation():
            return _operation(expr, scope)
        case s.Group(items=items):
            return tuple(_item(item, scope) for item in items)
        case s.Unary(operator="-"):
            value = evaluate(expr.operand, scope)
            return _bounded(-1 * _dim_or_float(value, expr.operand.span), expr.span)
        case s.Unary():
            return not truth(expr.operand, scope)
        case s.Index():
            return _index(expr, scope)
        case s.Call():
            return _call(expr, scope)
        case s.Match():
            return _match(expr, scope)
        case s.FreeSize():
            raise Mistake("E0205", "a free size can only stand in an `input`", expr.span, help="write the number")


def truth(expr: s.Expr, scope: Scope) -> bool:
    """A condition."""
    value = evaluate(expr, scope)
    if not isinstance(value, bool):
        raise Mistake("E0205", "a condition is true or false", expr.span, f"this is {show(value)}")
    return value


def _item(expr: s.Expr, scope: Scope) -> Value:
    value = evaluate(expr, scope)
    if isinstance(value, tuple):
        raise Mistake("E0205", "a list does not hold lists", expr.span, f"this is {show(value)}")
    return value


def _name(ref: s.Ref, scope: Scope) -> Value:
    first, *rest = ref.names
    if first == "in" or rest:
        return _size_of_tensor(ref, scope)
    value = scope.value(first)
    if value is not None:
        return value
    if first in ("on", "off"):
        return first == "on"
    if scope.tensor(first) is not None:
        raise Mistake("E0205", f"`{first}` is a tensor, not a value", ref.span, help=f"its sizes are {first}.h .w .c")
    hint, _ = did_you_mean(first, scope.value_names())
    fix = slip(first, scope.value_names())
    raise Mistake("E0202", f"no value is called `{first}`", ref.span, hint, replace=fix)


def _size_of_tensor(ref: s.Ref, scope: Scope) -> Value:
    *path, size = ref.names
    if size not in _SIZES or not path:
        what = f"`{ref.span.text}` is a tensor, not a value" if ref.names == ("in",) else f"a tensor has no `{size}`"
        raise Mistake("E0205", what, ref.span, help="the sizes of a tensor are .h .w .c")
    volume = known_volume(find_tensor(s.Ref(ref.span, tuple(path)), scope))
    return {"h": volume.height, "w": volume.width, "c": volume.channels}[size]


def find_tensor(ref: s.Ref, scope: Scope) -> Tensor:
    """The tensor that *ref* names; raises `Mistake` when there is none."""
    first, *rest = ref.names
    if first == "in":
        if scope.flow_in is None:
            raise Mistake(
                "E0305",
                "there is no `in` here",
                ref.span,
                "`in` is what flows into a block",
                help="outside a block name the tensor:  stem: conv 64 3x3  and then  stem.c",
            )
        tensor = scope.flow_in
    else:
        found = scope.tensor(first)
        if found is None:
            _explain_missing(first, ref.span, scope)
            hint, near = did_you_mean(first, scope.tensor_names())
            if near and (span := scope.given(near)):
                hint = f"did you mean `{near}` (line {span.line})?"
            help = f"a layer of its own follows an arrow:  -> {first}" if first in KINDS else ""
            fix = "" if rest or help else slip(first, scope.tensor_names())
            raise Mistake("E0201", f"no tensor is called `{first}`", ref.span, hint, help=help, replace=fix)
        tensor = found
    for name in rest:
        if name not in tensor.inner:
            hint, _ = did_you_mean(name, tensor.inner)
            inner = ", ".join(sorted(tensor.inner))
            help = f"labels inside it: {inner}" if inner else "it has no labels inside"
            raise Mistake("E0201", f"`{first}` has no tensor `{name}` inside", ref.span, hint, help=help)
        tensor = tensor.inner[name]
    return tensor


def _explain_missing(name: str, span: Span, scope: Scope) -> None:
    """Raises `Mistake` for a tensor whose label is in the text but not in reach."""
    if (label := scope.labelled(name)) is None:
        return
    line, repeated = label
    made = next(each.span for each in line.labels if each.names[0] == name)
    if line.span.source is span.source and line.span.start <= span.start < line.span.end:
        raise Mistake("E0306", f"`{name}` is used before it is made", span, "it is what this line makes")
    if made.start > span.start and made.source is span.source:
        remark = f"made at line {made.line}; a tensor can only be used below its own line"
        raise Mistake("E0306", f"`{name}` is used before it is made", span, remark)
    if repeated:
        remark = f"the label at line {made.line} is local to one turn of its repeat"
        help = f"to use what comes out of the repeat, label the whole:  {name}: [ … ] x2"
    else:
        remark, help = f"line {made.line}, which makes it, is left out", "an `if` is false on the way to it"
    raise Mistake("E0201", f"no tensor is called `{name}` here", span, remark, help=help)


def known_volume(tensor: Tensor) -> Volume:
    """The volume of *tensor*; raises `Silent` when it has none."""
    if tensor.volume is None:
        raise Silent
    return tensor.volume


def _number(value: Value, span: Span) -> int | float:
    if isinstance(value, Free):
        raise Mistake("E0205", f"the size {value} is not known before the network runs", span)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Mistake("E0205", "this is not a number", span, f"it is {show(value)}")
    return value


def _dim_or_float(value: Value, span: Span) -> int | float | Free:
    return value if isinstance(value, Free) else _number(value, span)


def _bounded(value: int | float | Free, span: Span) -> int | float | Free:
    if isinstance(value, float) and not math.isfinite(value):
        raise Mistake("E0205", "this number is out of range", span)
    if isinstance(value, int | float) and abs(value) > LARGEST:
        raise Mistake("E0205", "this number is too large", span, f"{value:.3g}; the limit is {LARGEST:,}")
    return value


def _operation(expr: s.Operation, scope: Scope) -> Value:
    operator = expr.rest[0][0]
    if operator in ("and", "or"):
        # Left to right, and no further than needed: what stands after a false `and` need not make sense.
        result = truth(expr.first, scope)
        for _, operand in expr.rest:
            if result is (operator == "or"):
                break
            result = truth(operand, scope)
        return result
    if operator in _COMPARE:
        return _compare(expr, scope)
    first = evaluate(expr.first, scope)
    total = _dim_or_float(first, expr.first.span)
    end = expr.first.span
    for operator, operand in expr.rest:
        right = _dim_or_float(evaluate(operand, scope), operand.span)
        span = expr.first.span.to(operand.span)
        total = _bounded(_apply(operator, total, right, span, expr.first.span.to(end), operand.span), span)
        end = operand.span
    return total


def _apply(
    operator: str, a: int | float | Free, b: int | float | Free, span: Span, at_a: Span, at_b: Span
) -> int | float | Free:
    if isinstance(a, Free) or isinstance(b, Free):
        if isinstance(a, float) or isinstance(b, float):
            raise Mistake("E0205", "a free size takes whole numbers only", span)
        match operator:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "//" if isinstance(a, Free) and isinstance(b, int) and b > 0:
                return a // b
        raise Mistake("E0205", f"`{operator}` needs known sizes", span, "this size is free until the network runs")
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
    if b == 0:
        raise Mistake("E0203", "division by zero", at_b, f"{at_a.text}{operator}{at_b.text} with {at_b.text} = 0")
    match operator:
        case "//":
            return a // b
        case "%":
            return a % b
    if isinstance(a, int) and isinstance(b, int):
        if a % b:
            names = [f"{at.text} = {value}" for at, value in ((at_a, a), (at_b, b)) if at.text != str(value)]
            remark = ", ".join([*names, f"{a}/{b} = {a / b:.4g}"])
            raise Mistake(
                "E0203",
                f"{a}/{b} is not a whole number",
                span,
                f"{remark}; `//` rounds down to {a // b}",
                help=f"write  {at_a.text}//{at_b.text}  to round down",
            )
        return a // b
    return a / b


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def _compare(expr: s.Operation, scope: Scope) -> bool:
    ((operator, operand),) = expr.rest
    a, b = evaluate(expr.first, scope), evaluate(operand, scope)
    if operator in ("==", "!="):
        if isinstance(a, Free) != isinstance(b, Free):
            raise Mistake(
                "E0205", "whether a free size equals a number is not known before the network runs", expr.span
            )
        return (a == b) is (operator == "==")
    return _COMPARE[operator](_number(a, expr.first.span), _number(b, operand.span))


def _index(expr: s.Index, scope: Scope) -> Value:
    base, index = evaluate(expr.base, scope), evaluate(expr.item, scope)
    if not isinstance(base, tuple):
        raise Mistake("E0205", "only a list can be indexed", expr.base.span, f"this is {show(base)}")
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(base):
        raise Mistake(
            "E0205", f"there is no item {show(index)}", expr.item.span, f"the list has items 0 to {len(base) - 1}"
        )
    return base[index]


def _match(expr: s.Match, scope: Scope) -> Value:
    subject = evaluate(expr.subject, scope)
    patterns = []
    for pattern, value in expr.arms:
        patterns.append(evaluate(pattern, scope))
        if patterns[-1] == subject:
            return evaluate(value, scope)
    choices = [show(pattern) for pattern in patterns]
    listed = f"{', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else "".join(choices)
    name = expr.subject.span.text
    from_outside = any(name in outer.settings for outer in scope.chain())
    raise Mistake(
        "E0204",
        f"{name}={show(subject)} is not one of the choices",
        expr.subject.span,
        f"set on the command line: --set {name}={show(subject)}" if from_outside else "",
        help=f"choose {listed}" if choices else "the `match` has no choices",
    )


def _round8(value: float) -> int:
    """To a multiple of 8, not below 90 % of the value (MobileNetV2's rule for channels)."""
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


FUNCTIONS: dict[str, tuple[int, Callable[..., int | float]]] = {
    "min": (0, lambda *numbers: min(numbers)),
    "max": (0, lambda *numbers: max(numbers)),
    "ceil": (1, math.ceil),
    "int": (1, int),
    "round8": (1, _round8),
}
"""Name: number of arguments (0: any), function."""
SELECT = "select"
"""The one function that looks only at the argument it gives back."""


def _call(expr: s.Call, scope: Scope) -> Value:
    if expr.function == SELECT:
        if len(expr.arguments) != 3:
            raise Mistake(
                "E0207", "`select` takes a condition and two values", expr.span, "as in  select(depth >= 50, 4, 1)"
            )
        chosen = expr.arguments[1] if truth(expr.arguments[0], scope) else expr.arguments[2]
        return evaluate(chosen, scope)
    if expr.function not in FUNCTIONS:
        known = [*FUNCTIONS, SELECT]
        hint, _ = did_you_mean(expr.function, known)
        raise Mistake(
            "E0209", f"no function is called `{expr.function}`", expr.span, hint, help=f"there are: {', '.join(known)}"
        )
    number, function = FUNCTIONS[expr.function]
    if (number and len(expr.arguments) != number) or not expr.arguments:
        wanted = "one number" if number else "numbers"
        raise Mistake("E0207", f"`{expr.function}` takes {wanted}", expr.span, f"{len(expr.arguments)} given")
    numbers = [_number(evaluate(argument, scope), argument.span) for argument in expr.arguments]
    return _bounded(function(*numbers), expr.span)


def _given_size(item: s.FreeSize, scope: Scope) -> int | None:
    """What ``--set H=224`` makes of ``?H``."""
    value = next((each.settings[item.name] for each in scope.chain() if item.name in each.settings), None)
    if value is None:
        return None
    text = str(value)
    if not text.isdecimal() or not int(text) or isinstance(value, bool):
        raise Mistake("E0213", f"--set {item.name}={value}: a size is a whole number of at least 1", item.span)
    if int(text) % item.multiple:
        near = max(1, (int(text) + item.multiple // 2) // item.multiple) * item.multiple
        raise Mistake(
            "E0213",
            f"--set {item.name}={value}: this size is a multiple of {item.multiple}",
            item.span,
            help=f"the nearest that fits:  {item.name} = {near}",
        )
    return int(text)


def _claimed_size(item: s.FreeSize, made: Dim | None) -> Dim:
    """What a free size in a claim means where *made* is what there is: that, when it has no other name."""
    if not item.name:
        return Free("") if made is None else made
    if isinstance(made, Free) and made.of and made.name == item.name:
        return Free.symbol(*made.of)
    return Free(item.name)


def written_volume(expr: s.Expr, scope: Scope, free: str = "", claimed_of: Volume | None = None) -> Volume:
    """A written volume. *free* names an input, which may have free sizes. In a claim about a volume
    a bare ``?`` stands for whatever size it has there. A free size that was set from outside is no longer free."""
    items = expr.items if isinstance(expr, s.Group) else (expr,)
    dims: list[Dim] = []
    for axis, item in enumerate(items):
        if isinstance(item, s.FreeSize) and (size := _given_size(item, scope)) is not None:
            dims.append(size)
            continue
        if isinstance(item, s.FreeSize) and free:
            dims.append(Free.symbol(item.name or f"{free}_{'HWC'[min(axis, 2)]}", item.multiple))
            continue
        if isinstance(item, s.FreeSize) and claimed_of is not None:
            dims.append(_claimed_size(item, claimed_of.dims[axis] if axis < len(claimed_of.dims) else None))
            continue
        value = evaluate(item, scope)
        parts = value if isinstance(value, tuple) else (value,)
        for part in parts:
            if isinstance(part, bool) or not isinstance(part, int | Free):
                raise Mistake("E0205", "a size is a whole number", item.span, f"this is {show(part)}")
            if isinstance(part, int) and part < 1:
                raise Mistake("E0205", "a size is at least 1", item.span, f"this is {part}")
            dims.append(part)
    if len(dims) not in (1, 3):
        raise Mistake(
            "E0205",
            "a volume has three sizes, height x width x channels, and a vector one",
            expr.span,
            f"this has {len(dims)}",
            help=f"write  {dims[0]}x{dims[1]}x1  for one channel" if len(dims) == 2 else "",
        )
    if isinstance(dims[-1], Free) and free:
        raise Mistake("E0205", "the number of channels cannot be free", expr.span, "weights depend on it")
    return Volume(tuple(dims))
