"""MobileNetV2: written by cnngraph from the spec `mobilenet_v2`.

Takes `image`, N x 224 x 224 x 3, values 0 to 1, minus 0.485, 0.456, 0.406, divided by
0.229, 0.224, 0.225.
Weights trained here come back by their names:

    cnngraph export --onnx mobilenet_v2.spec --weights trained.weights.h5
"""

import keras
from keras import layers


def conv(x, c, f=1, s=1, act="relu6", *, name):
    """`conv bn`, then relu6."""
    if s > 1:
        x = layers.ZeroPadding2D(1)(x)
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


def dw_conv(x, s=1, *, name):
    """`dwconv bn`, then relu6."""
    if s > 1:
        x = layers.ZeroPadding2D(1)(x)
    x = layers.DepthwiseConv2D(
        3,
        strides=s,
        padding="valid" if s > 1 else "same",
        use_bias=False,
        depthwise_initializer="he_normal",
        name=name,
    )(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}-bn")(x)
    return layers.Activation("relu6")(x)


def fc(x, c, *, name):
    """`fc`, then softmax."""
    x = layers.Dense(c, kernel_initializer="he_normal", name=name)(x)
    return layers.Activation("softmax")(x)


def inverted(x, c, s=1, *, name):
    inputs = x.shape[-1]
    y = conv(x, 6 * inputs, name=f"{name}-conv1")
    y = dw_conv(y, s=s, name=f"{name}-dwconv1")
    y = conv(y, c, act="linear", name=f"{name}-conv2")
    if s == 1 and inputs == c:
        y = y + x
    return y


def inverted2(x, *, name):
    x = dw_conv(x, name=f"{name}-dwconv1")
    return conv(x, 16, act="linear", name=f"{name}-conv1")


def stage(x, c, n, s=2, *, name):
    x = inverted(x, c, s=s, name=f"{name}-inverted1")
    for i in range(n - 1):
        x = inverted(x, c, name=f"{name}-inverted{i + 2}")
    return x


def stage2(x, *, name):
    return inverted2(x, name=f"{name}-inverted1")


def mobilenet_v2(classes=1000):
    inputs = x = keras.Input((224, 224, 3), name="image")
    x = conv(x, 32, f=3, s=2, name="conv1")
    x = stage2(x, name="stage1")
    x = stage(x, 24, 2, name="stage2")
    x = stage(x, 32, 3, name="stage3")
    x = stage(x, 64, 4, name="stage4")
    x = stage(x, 96, 3, s=1, name="stage5")
    x = stage(x, 160, 3, name="stage6")
    x = stage(x, 320, 1, s=1, name="stage7")
    x = conv(x, 1280, name="conv2")
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.2)(x)
    x = fc(x, classes, name="fc1")
    return keras.Model(inputs, x, name="mobilenet_v2")
