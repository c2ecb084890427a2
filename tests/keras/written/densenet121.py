"""DenseNet-121: written by cnngraph from the spec `densenet121`.

Takes `image`, N x 224 x 224 x 3, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
Weights trained here come back by their names:

    cnngraph export --onnx densenet121.spec --weights trained.weights.h5
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


def conv(x, c, *, name):
    """`conv`."""
    x = layers.ZeroPadding2D(3)(x)
    return layers.Conv2D(
        c, 7, strides=2, use_bias=False, kernel_initializer="he_normal", name=name
    )(x)


def max_pool(x):
    """`maxpool`."""
    x = pad_least(x, ((1, 1), (1, 1)))
    return layers.MaxPooling2D(3, strides=2)(x)


def fc(x, c, *, name):
    """`fc`, then softmax."""
    x = layers.Dense(c, kernel_initializer="he_normal", name=name)(x)
    return layers.Activation("softmax")(x)


def layer(x, k, *, name):
    y = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}-bn1")(x)
    y = layers.Conv2D(
        4 * k, 1, use_bias=False, kernel_initializer="he_normal", name=f"{name}-conv1"
    )(ops.relu(y))
    y = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}-bn2")(y)
    y = layers.Conv2D(
        k,
        3,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}-conv2",
    )(ops.relu(y))
    return ops.concatenate((x, y), -1)


def transition(x, *, name):
    inputs = x.shape[-1]
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}-bn1")(x)
    x = layers.Activation("relu")(x)
    x = layers.Conv2D(
        inputs // 2,
        1,
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}-conv1",
    )(x)
    return layers.AveragePooling2D(2)(x)


def densenet121(k=32, classes=1000):
    inputs = x = keras.Input((224, 224, 3), name="image")
    x = conv(x, 2 * k, name="conv1")
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="bn1")(x)
    x = layers.Activation("relu")(x)
    x = max_pool(x)
    for i in range(6):
        x = layer(x, k, name=f"layer{i + 1}")
    x = transition(x, name="transition1")
    for i in range(12):
        x = layer(x, k, name=f"layer{i + 7}")
    x = transition(x, name="transition2")
    for i in range(24):
        x = layer(x, k, name=f"layer{i + 19}")
    x = transition(x, name="transition3")
    for i in range(16):
        x = layer(x, k, name=f"layer{i + 43}")
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="bn2")(x)
    x = layers.Activation("relu")(x)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Flatten()(x)
    x = fc(x, classes, name="fc1")
    return keras.Model(inputs, x, name="densenet121")
