"""ConvNeXt-T: written by cnngraph from the spec `convnext_tiny`.

Takes `image`, N x 224 x 224 x 3, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
Weights trained here come back by their names:

    cnngraph export --onnx convnext_tiny.spec --weights trained.weights.h5
"""

import keras
from keras import layers


def conv(x, c, *, name):
    """`conv`, then gelu."""
    x = layers.Conv2D(c, 1, kernel_initializer="he_normal", name=name)(x)
    return layers.Activation("gelu")(x)


def fc(x, c, *, name):
    """`fc`, then softmax."""
    x = layers.Dense(c, kernel_initializer="he_normal", name=name)(x)
    return layers.Activation("softmax")(x)


def unit(x, *, name):
    inputs = x.shape[-1]
    y = layers.DepthwiseConv2D(
        7, padding="same", depthwise_initializer="he_normal", name=f"{name}-dwconv1"
    )(x)
    y = layers.LayerNormalization(epsilon=1e-6, name=f"{name}-layernorm1")(y)
    y = conv(y, 4 * inputs, name=f"{name}-conv1")
    y = layers.Conv2D(inputs, 1, kernel_initializer="he_normal", name=f"{name}-conv2")(
        y
    )
    y = layers.DepthwiseConv2D(
        1, use_bias=False, depthwise_initializer="ones", name=f"{name}-scale1"
    )(y)
    return y + x


def down(x, c, *, name):
    x = layers.LayerNormalization(epsilon=1e-6, name=f"{name}-layernorm1")(x)
    return layers.Conv2D(
        c, 2, strides=2, kernel_initializer="he_normal", name=f"{name}-conv1"
    )(x)


def convnext_tiny(classes=1000):
    inputs = x = keras.Input((224, 224, 3), name="image")
    x = layers.Conv2D(96, 4, strides=4, kernel_initializer="he_normal", name="conv1")(x)
    x = layers.LayerNormalization(epsilon=1e-6, name="layernorm1")(x)
    for i in range(3):
        x = unit(x, name=f"unit{i + 1}")
    x = down(x, 192, name="down1")
    for i in range(3):
        x = unit(x, name=f"unit{i + 4}")
    x = down(x, 384, name="down2")
    for i in range(9):
        x = unit(x, name=f"unit{i + 7}")
    x = down(x, 768, name="down3")
    for i in range(3):
        x = unit(x, name=f"unit{i + 16}")
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.LayerNormalization(epsilon=1e-6, name="layernorm2")(x)
    x = layers.Flatten()(x)
    x = fc(x, classes, name="fc1")
    return keras.Model(inputs, x, name="convnext_tiny")
