"""Siamese network: written by cnngraph from the spec `siamese`.

Takes `first`, N x 105 x 105 x 1.
Takes `second`, N x 105 x 105 x 1.
Weights trained here come back by their names:

    cnngraph export --onnx siamese.spec --weights trained.weights.h5

This is one function without blocks, because a function makes new weights, and some of
these are used again.
"""

import keras
from keras import layers, ops


def build():
    first = keras.Input((105, 105, 1), name="first")
    second = keras.Input((105, 105, 1), name="second")
    left_conv1_layer = layers.Conv2D(
        64, 10, kernel_initializer="he_normal", name="left-conv1"
    )
    left_conv1 = left_conv1_layer(first)
    left_conv1_relu = layers.Activation("relu")(left_conv1)
    left_maxpool1 = layers.MaxPooling2D(2)(left_conv1_relu)
    left_conv2_layer = layers.Conv2D(
        128, 7, kernel_initializer="he_normal", name="left-conv2"
    )
    left_conv2 = left_conv2_layer(left_maxpool1)
    left_conv2_relu = layers.Activation("relu")(left_conv2)
    left_maxpool2 = layers.MaxPooling2D(2)(left_conv2_relu)
    left_conv3_layer = layers.Conv2D(
        128, 4, kernel_initializer="he_normal", name="left-conv3"
    )
    left_conv3 = left_conv3_layer(left_maxpool2)
    left_conv3_relu = layers.Activation("relu")(left_conv3)
    left_maxpool3 = layers.MaxPooling2D(2)(left_conv3_relu)
    left_conv4_layer = layers.Conv2D(
        256, 4, kernel_initializer="he_normal", name="left-conv4"
    )
    left_conv4 = left_conv4_layer(left_maxpool3)
    left_conv4_relu = layers.Activation("relu")(left_conv4)
    left_flatten1 = layers.Flatten()(left_conv4_relu)
    left_fc1_layer = layers.Dense(4096, kernel_initializer="he_normal", name="left-fc1")
    left_fc1 = left_fc1_layer(left_flatten1)
    left_fc1_sigmoid = layers.Activation("sigmoid")(left_fc1)
    right_conv1 = left_conv1_layer(second)
    right_conv1_relu = layers.Activation("relu")(right_conv1)
    right_maxpool1 = layers.MaxPooling2D(2)(right_conv1_relu)
    right_conv2 = left_conv2_layer(right_maxpool1)
    right_conv2_relu = layers.Activation("relu")(right_conv2)
    right_maxpool2 = layers.MaxPooling2D(2)(right_conv2_relu)
    right_conv3 = left_conv3_layer(right_maxpool2)
    right_conv3_relu = layers.Activation("relu")(right_conv3)
    right_maxpool3 = layers.MaxPooling2D(2)(right_conv3_relu)
    right_conv4 = left_conv4_layer(right_maxpool3)
    right_conv4_relu = layers.Activation("relu")(right_conv4)
    right_flatten1 = layers.Flatten()(right_conv4_relu)
    right_fc1 = left_fc1_layer(right_flatten1)
    right_fc1_sigmoid = layers.Activation("sigmoid")(right_fc1)
    sub1 = left_fc1_sigmoid - right_fc1_sigmoid
    abs1 = ops.abs(sub1)
    fc1 = layers.Dense(1, kernel_initializer="he_normal", name="fc1")(abs1)
    sigmoid1 = layers.Activation("sigmoid")(fc1)
    return keras.Model([first, second], sigmoid1, name="siamese")
