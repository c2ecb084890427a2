"""U-Net: written by cnngraph from the spec `unet`.

Takes `image`, N x 572 x 572 x 1.
Weights trained here come back by their names:

    cnngraph export --onnx unet.spec --weights trained.weights.h5
"""

import keras
from keras import layers, ops


def crop(x, like):
    """The middle of x, as high and wide as another tensor."""
    height, width = like.shape[1:3]
    top, left = (x.shape[1] - height) // 2, (x.shape[2] - width) // 2
    return x[:, top : top + height, left : left + width]


def conv(x, c, *, name):
    """`conv`, then relu."""
    x = layers.Conv2D(c, 3, kernel_initializer="he_normal", name=name)(x)
    return layers.Activation("relu")(x)


def up(x, e, c, *, name):
    u = layers.Conv2DTranspose(
        c, 2, strides=2, kernel_initializer="he_normal", name=f"{name}-u"
    )(x)
    x = ops.concatenate((crop(e, u), u), -1)
    x = conv(x, c, name=f"{name}-conv1")
    return conv(x, c, name=f"{name}-conv2")


def unet():
    inputs = x = keras.Input((572, 572, 1), name="image")
    x = conv(x, 64, name="conv1")
    conv2 = conv(x, 64, name="conv2")
    x = layers.MaxPooling2D(2)(conv2)
    x = conv(x, 128, name="conv3")
    conv4 = conv(x, 128, name="conv4")
    x = layers.MaxPooling2D(2)(conv4)
    x = conv(x, 256, name="conv5")
    conv6 = conv(x, 256, name="conv6")
    x = layers.MaxPooling2D(2)(conv6)
    x = conv(x, 512, name="conv7")
    x = conv(x, 512, name="conv8")
    e4 = layers.Dropout(0.5)(x)
    x = layers.MaxPooling2D(2)(e4)
    x = conv(x, 1024, name="conv9")
    x = conv(x, 1024, name="conv10")
    x = up(layers.Dropout(0.5)(x), e4, 512, name="up1")
    x = up(x, conv6, 256, name="up2")
    x = up(x, conv4, 128, name="up3")
    x = up(x, conv2, 64, name="up4")
    x = layers.Conv2D(2, 1, kernel_initializer="he_normal", name="logits")(x)
    return keras.Model(inputs, x, name="unet")
