"""What generated code needs and Keras does not have: each is copied into a file that uses it, as it stands here."""

from __future__ import annotations

from keras import layers, ops


def pad(x, padding, value=0.0, mode="constant"):
    """A border around a map: ((top, bottom), (left, right))."""
    whole = ((0, 0), *padding, (0, 0))
    if mode == "constant":
        return ops.pad(x, whole, constant_values=value)
    return ops.pad(x, whole, mode)


def pad_least(x, padding):
    """A border that is never the largest of a window."""
    return pad(x, padding, float("-inf"))


def crop(x, like):
    """The middle of x, as high and wide as another tensor."""
    height, width = like.shape[1:3]
    top, left = (x.shape[1] - height) // 2, (x.shape[2] - width) // 2
    return x[:, top : top + height, left : left + width]


def resize(x, size, interpolation="nearest"):
    return ops.image.resize(x, size, interpolation)


def resize_as(x, like, interpolation="nearest"):
    """x as high and wide as another tensor."""
    return resize(x, like.shape[1:3], interpolation)


def avg_pool(x, pool_size, strides, padding, counted=False, beyond=(0, 0)):
    """Means of windows with any border, ((top, bottom), (left, right)); of what lies beyond it nothing counts."""
    more = ((0, beyond[0]), (0, beyond[1]))
    whole = pad(pad(ops.ones_like(x[..., :1]), padding, float(counted)), more)
    pool = layers.AveragePooling2D(pool_size, strides)
    return pool(pad(pad(x, padding), more)) / pool(whole)


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    """Of an even number of channels one more behind than before, as ONNX has it."""
    before = (size - 1) // 2
    around = ((0, 0), (0, 0), (0, 0), (before, size - 1 - before))
    squares = ops.expand_dims(ops.pad(ops.square(x), around), -1)
    means = layers.AveragePooling3D((1, 1, size), strides=1)(squares)
    return x / (k + alpha * means[..., 0]) ** beta


def global_response_norm(x, eps=1e-6, name=None):
    """Woo et al. 2023, "ConvNeXt V2"."""
    size = ops.sqrt(ops.sum(ops.square(x), (1, 2), keepdims=True))
    share = size / (ops.mean(size, -1, keepdims=True) + eps)
    scale = layers.DepthwiseConv2D(1, depthwise_initializer="zeros", name=name)
    return x + scale(x * share)


def channel_attention(x, size, name=None):
    """Wang et al. 2020, "ECA-Net": a gate for each channel, of the means of its neighbours."""
    means = layers.Reshape((-1, 1))(layers.GlobalAveragePooling2D()(x))
    how = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"}
    gates = ops.sigmoid(layers.Conv1D(1, size, name=name, **how)(means))
    return x * layers.Reshape((1, 1, x.shape[-1]))(gates)


def hard_sigmoid(x, slope, shift):
    return ops.clip(slope * x + shift, 0.0, 1.0)


def at_least(x, low):
    return ops.maximum(x, low)


def at_most(x, high):
    return ops.minimum(x, high)


def split_softmax(x, parts):
    """Softmax among equal parts of the channels."""
    y = ops.reshape(x, (-1, *x.shape[1:-1], parts, x.shape[-1] // parts))
    return ops.reshape(ops.softmax(y, -2), (-1, *x.shape[1:]))


def channels(x, start, stop):
    """The channels from start up to, without, stop."""
    return x[..., start:stop]


def widen(x, more, stride=1):
    """Every s-th row and column, and more channels, of zeros (He et al. 2016, option A)."""
    down, across = stride if isinstance(stride, tuple) else (stride, stride)
    x = x[:, ::down, ::across]
    return ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, more)))


def channel_shuffle(x, groups):
    """Zhang et al. 2017, "ShuffleNet"."""
    shape = x.shape[1:]
    y = ops.reshape(x, (-1, *shape[:2], groups, shape[2] // groups))
    return ops.reshape(ops.transpose(y, (0, 1, 2, 4, 3)), (-1, *shape))


def pixel_unshuffle(x, n, by_pixel=False, by_column=False):
    """Squares of n x n pixels into channels, channel after channel, pixel after pixel or column after column."""
    height, width, count = x.shape[1:]
    y = ops.reshape(x, (-1, height // n, n, width // n, n, count))
    order = (0, 1, 3, 2, 4, 5) if by_pixel else (0, 1, 3, 5, 2, 4)
    order = (0, 1, 3, 4, 2, 5) if by_column else order
    made = (-1, height // n, width // n, count * n * n)
    return ops.reshape(ops.transpose(y, order), made)


def pixel_shuffle(x, n, by_pixel=False):
    """Channels into squares of n x n pixels: `pixel_unshuffle` backwards."""
    height, width, count = x.shape[1:]
    less = count // n**2
    sizes = (n, n, less) if by_pixel else (less, n, n)
    order = (0, 1, 3, 2, 4, 5) if by_pixel else (0, 1, 4, 2, 5, 3)
    y = ops.transpose(ops.reshape(x, (-1, height, width, *sizes)), order)
    return ops.reshape(y, (-1, height * n, width * n, less))


def reorg_as_darknet(x, n):
    """What darknet's [reorg] does, and weights of YOLOv2 need."""
    h, w, c = x.shape[1:]
    y = ops.transpose(x, (0, 3, 1, 2))
    y = ops.reshape(y, (-1, c // n**2, h, n, w, n))
    y = ops.transpose(y, (0, 3, 5, 1, 2, 4))
    y = ops.reshape(y, (-1, c * n**2, h // n, w // n))
    return ops.transpose(y, (0, 2, 3, 1))


def gelu_by_tanh(x):
    return ops.gelu(x, approximate=True)
