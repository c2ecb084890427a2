"""20-layer residual: written by cnngraph from the spec `resnet_small`.

Takes `image`, N x 32 x 32 x 3.
Weights trained here come back by their names:

    cnngraph export --onnx resnet_small.spec --weights trained.weights.h5
"""

import keras
from keras import layers, ops


def channels(x, start, stop):
    """The channels from start up to, without, stop."""
    return x[..., start:stop]


def widen(x, more, stride=1):
    """Every s-th row and column, and more channels, of zeros (He et al. 2016, option A)."""
    down, across = stride if isinstance(stride, tuple) else (stride, stride)
    x = x[:, ::down, ::across]
    return ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, more)))


def conv(x, c, s=1, act="relu", *, name):
    """`conv bn`, then relu."""
    if s > 1:
        x = layers.ZeroPadding2D(1)(x)
    x = layers.Conv2D(
        c,
        3,
        strides=s,
        padding="valid" if s > 1 else "same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}-bn")(x)
    return layers.Activation(act)(x)


def fc(x, c, *, name):
    """`fc`, then softmax."""
    x = layers.Dense(c, kernel_initializer="he_normal", name=name)(x)
    return layers.Activation("softmax")(x)


def shortcut(x, c):
    inputs = x.shape[-1]
    if inputs != c:
        x = widen(x, inputs, stride=2)
    return x


def unit(x, c, s=1, residual=True, *, name):
    y = conv(x, c, s=s, name=f"{name}-conv1")
    y = conv(y, c, act="linear", name=f"{name}-conv2")
    if residual:
        x = shortcut(x, c)
        y = y + x
    return layers.Activation("relu")(y)


def resnet_small(n=3, residual=True, width=16, size=32, channels=3, classes=10):
    inputs = x = keras.Input((size, size, channels), name="image")
    x = conv(x, width, name="conv1")
    for i in range(n):
        x = unit(x, width, residual=residual, name=f"unit{i + 1}")
    x = unit(x, 2 * width, s=2, residual=residual, name=f"unit{n + 1}")
    for i in range(n - 1):
        x = unit(x, 2 * width, residual=residual, name=f"unit{i + n + 2}")
    x = unit(x, 4 * width, s=2, residual=residual, name=f"unit{2 * n + 1}")
    for i in range(n - 1):
        x = unit(x, 4 * width, residual=residual, name=f"unit{i + 2 * n + 2}")
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Flatten()(x)
    x = fc(x, classes, name="fc1")
    return keras.Model(inputs, x, name="resnet_small")
