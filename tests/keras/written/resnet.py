"""50-layer residual: written by cnngraph from the spec `resnet`.

Takes `image`, N x 224 x 224 x 3, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
Weights trained here come back by their names:

    cnngraph export --onnx resnet.spec --weights trained.weights.h5
"""

import keras
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


def conv(x, c, f=1, s=1, act="relu", *, name):
    """`conv bn`, then relu."""
    if s > 1:
        x = layers.ZeroPadding2D(f // 2)(x)
    x = layers.Conv2D(
        c,
        f,
        strides=s,
        padding="valid" if s > 1 else "same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}-bn")(x)
    return layers.Activation(act)(x)


def max_pool(x):
    """`maxpool`."""
    x = pad_least(x, ((1, 1), (1, 1)))
    return layers.MaxPooling2D(3, strides=2)(x)


def fc(x, c, *, name):
    """`fc`, then softmax."""
    x = layers.Dense(c, kernel_initializer="he_normal", name=name)(x)
    return layers.Activation("softmax")(x)


def bottleneck(x, c, s=1, *, name):
    x = conv(x, c, name=f"{name}-conv1")
    x = conv(x, c, f=3, s=s, name=f"{name}-conv2")
    return conv(x, 4 * c, act="linear", name=f"{name}-conv3")


def shortcut(x, c, s=1, *, name):
    inputs = x.shape[-1]
    if s > 1 or inputs != c:
        x = conv(x, c, s=s, act="linear", name=f"{name}-conv1")
    return x


def basic(x, c, s=1, *, name):
    x = conv(x, c, f=3, s=s, name=f"{name}-conv1")
    return conv(x, c, f=3, act="linear", name=f"{name}-conv2")


def residual(x, c, depth, wide, s=1, *, name):
    if depth > 34:
        y = bottleneck(x, c, s=s, name=f"{name}-bottleneck1")
    else:
        y = basic(x, c, s=s, name=f"{name}-basic1")
    x = shortcut(x, c * wide, s=s, name=f"{name}-shortcut1")
    return ops.relu(y + x)


def stage(x, c, n, depth, wide, s=2, *, name):
    x = residual(x, c, depth, wide, s=s, name=f"{name}-residual1")
    for i in range(n - 1):
        x = residual(x, c, depth, wide, name=f"{name}-residual{i + 2}")
    return x


def resnet(depth=50, classes=1000):
    n = {
        18: (2, 2, 2, 2),
        34: (3, 4, 6, 3),
        50: (3, 4, 6, 3),
        101: (3, 4, 23, 3),
        152: (3, 8, 36, 3),
    }[depth]
    wide = 4 if depth > 34 else 1
    inputs = x = keras.Input((224, 224, 3), name="image")
    x = conv(x, 64, f=7, s=2, name="conv1")
    x = max_pool(x)
    x = stage(x, 64, n[0], depth, wide, s=1, name="stage1")
    x = stage(x, 128, n[1], depth, wide, name="stage2")
    x = stage(x, 256, n[2], depth, wide, name="stage3")
    x = stage(x, 512, n[3], depth, wide, name="stage4")
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Flatten()(x)
    x = fc(x, classes, name="fc1")
    return keras.Model(inputs, x, name="resnet")
