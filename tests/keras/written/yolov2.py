"""YOLOv2: written by cnngraph from the spec `yolov2`.

Takes `image`, N x 608 x 608 x 3, values 0 to 1.
Weights trained here come back by their names:

    cnngraph export --onnx yolov2.spec --weights trained.weights.h5
"""

import keras
from keras import layers, ops


def reorg_as_darknet(x, n):
    """What darknet's [reorg] does, and weights of YOLOv2 need."""
    h, w, c = x.shape[1:]
    y = ops.transpose(x, (0, 3, 1, 2))
    y = ops.reshape(y, (-1, c // n**2, h, n, w, n))
    y = ops.transpose(y, (0, 3, 5, 1, 2, 4))
    y = ops.reshape(y, (-1, c * n**2, h // n, w // n))
    return ops.transpose(y, (0, 2, 3, 1))


def conv(x, c, f=3, *, name):
    """`conv bn leaky`."""
    x = layers.Conv2D(
        c, f, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(x)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}-bn")(x)
    return layers.LeakyReLU(negative_slope=0.1)(x)


def yolov2(size=608):
    inputs = x = keras.Input((size, size, 3), name="image")
    x = conv(x, 32, name="conv1")
    x = layers.MaxPooling2D(2)(x)
    x = conv(x, 64, name="conv2")
    x = layers.MaxPooling2D(2)(x)
    x = conv(x, 128, name="conv3")
    x = conv(x, 64, f=1, name="conv4")
    x = conv(x, 128, name="conv5")
    x = layers.MaxPooling2D(2)(x)
    x = conv(x, 256, name="conv6")
    x = conv(x, 128, f=1, name="conv7")
    x = conv(x, 256, name="conv8")
    x = layers.MaxPooling2D(2)(x)
    x = conv(x, 512, name="conv9")
    x = conv(x, 256, f=1, name="conv10")
    x = conv(x, 512, name="conv11")
    x = conv(x, 256, f=1, name="conv12")
    fine = conv(x, 512, name="fine")
    x = layers.MaxPooling2D(2)(fine)
    x = conv(x, 1024, name="conv13")
    x = conv(x, 512, f=1, name="conv14")
    x = conv(x, 1024, name="conv15")
    x = conv(x, 512, f=1, name="conv16")
    x = conv(x, 1024, name="conv17")
    x = conv(x, 1024, name="conv18")
    x = conv(x, 1024, name="conv19")
    y = conv(fine, 64, f=1, name="conv20")
    x = ops.concatenate((reorg_as_darknet(y, 2), x), -1)
    x = conv(x, 1024, name="conv21")
    x = layers.Conv2D(425, 1, kernel_initializer="he_normal", name="detect")(x)
    return keras.Model(inputs, x, name="yolov2")
