"""LeNet - 5: written by cnngraph from the spec `lenet5`.

Takes `image`, N x 32 x 32 x 1, inverted, values 0 to 1.
Weights trained here come back by their names:

    cnngraph export --onnx lenet5.spec --weights trained.weights.h5
"""

import keras
from keras import layers


def conv(x, c, *, name):
    """`conv`, then tanh."""
    x = layers.Conv2D(c, 5, kernel_initializer="he_normal", name=name)(x)
    return layers.Activation("tanh")(x)


def fc(x, c, *, name):
    """`fc`, then tanh."""
    x = layers.Dense(c, kernel_initializer="he_normal", name=name)(x)
    return layers.Activation("tanh")(x)


def fc2(x, c, *, name):
    """`fc`, then softmax."""
    x = layers.Dense(c, kernel_initializer="he_normal", name=name)(x)
    return layers.Activation("softmax")(x)


def lenet5(classes=10):
    inputs = x = keras.Input((32, 32, 1), name="image")
    x = conv(x, 6, name="conv1")
    x = layers.AveragePooling2D(2)(x)
    x = conv(x, 16, name="conv2")
    x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(x)
    x = fc(x, 120, name="fc1")
    x = fc(x, 84, name="fc2")
    x = fc2(x, classes, name="fc3")
    return keras.Model(inputs, x, name="lenet5")
