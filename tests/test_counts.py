"""Parameters and multiply-accumulates, to the unit, against sources that others wrote."""

from __future__ import annotations

import pytest

from cnngraph.fronts import load

COUNTS = [
    # name, params of the spec, trainable parameters, MACs of conv and fc, source
    ("lenet5", {}, 61_706, 416_520, "LeCun et al. 1998 with a full C3: 156 + 2,416 + 48,120 + 10,164 + 850"),
    ("lecture_cnn", {}, 62_958, 849_320, "arithmetic: 608 + 3,216 + 48,120 + 10,164 + 850"),
    ("alexnet", {}, 62_378_344, 1_135_256_096, "arithmetic, one tower"),
    ("alexnet", {"groups": 2}, 60_965_224, 724_406_816, "Caffe bvlc_alexnet"),
    ("alexnet_owt", {}, 61_100_840, 714_188_480, "torchvision alexnet"),
    ("vgg16", {}, 138_357_544, 15_470_264_320, "torchvision vgg16; darknet vgg-16.cfg"),
    ("vgg16", {"depth": 19}, 143_667_240, 19_632_062_464, "torchvision vgg19; the paper's 19.6 billion"),
    ("vgg16", {"norm": True}, 138_365_992, 15_470_264_320, "torchvision vgg16_bn"),
    ("vgg16", {"depth": 19, "norm": True}, 143_678_248, 19_632_062_464, "torchvision vgg19_bn"),
    ("plain34", {}, 21_623_848, 3_644_493_824, "ResNet-34 without its 173,824 projection parameters"),
    ("resnet", {"depth": 18}, 11_689_512, 1_814_073_344, "torchvision resnet18"),
    ("resnet", {"depth": 34}, 21_797_672, 3_663_761_408, "torchvision resnet34"),
    ("resnet", {}, 25_557_032, 4_089_184_256, "torchvision resnet50"),
    ("resnet", {"depth": 101}, 44_549_160, 7_801_405_440, "torchvision resnet101"),
    ("resnet", {"depth": 152}, 60_192_808, 11_513_626_624, "torchvision resnet152"),
    ("nin", {}, 7_595_176, 1_100_188_800, "Caffe nin_imagenet"),
    ("googlenet", {}, 6_998_552, 1_582_671_872, "Caffe bvlc_googlenet without auxiliary heads"),
    ("googlenet", {"aux": True}, 13_378_280, 1_591_044_096, "Caffe bvlc_googlenet train_val.prototxt: loss1, loss2"),
    ("googlenet_bn", {}, 6_624_904, 1_498_376_192, "torchvision googlenet without the auxiliary heads"),
    ("inception_v3", {}, 23_834_568, 5_713_216_096, "torchvision inception_v3 without the auxiliary head"),
    ("squeezenet", {}, 1_248_424, 818_924_576, "torchvision squeezenet1_0"),
    ("squeezenet1_1", {}, 1_235_496, 349_151_936, "torchvision squeezenet1_1"),
    ("densenet121", {}, 7_978_856, 2_834_161_664, "torchvision densenet121"),
    ("densenet121", {"depth": 169}, 14_149_480, 3_359_843_328, "torchvision densenet169"),
    ("densenet121", {"depth": 201}, 20_013_928, 4_291_365_888, "torchvision densenet201"),
    ("siamese", {}, 38_951_745, 1_817_251_840, "Sunny et al. 2021 (CrossLight), table I: Omniglot, 38,951,745"),
    ("mobilenet_v1", {}, 4_231_976, 568_740_352, "timm mobilenetv1_100; the paper's 569 million"),
    ("mobilenet_v2", {}, 3_504_872, 300_774_272, "torchvision mobilenet_v2"),
    ("shufflenet_v2", {}, 2_278_604, 144_907_992, "torchvision shufflenet_v2_x1_0"),
    ("efficientnet_b0", {}, 5_288_548, 385_814_752, "torchvision efficientnet_b0"),
    ("resnext50", {}, 25_028_904, 4_230_479_872, "torchvision resnext50_32x4d"),
    ("se_resnet50", {}, 28_088_024, 3_860_488_192, "timm legacy_seresnet50; Caffe SE-ResNet-50"),
    ("convnext_tiny", {}, 28_589_128, 4_455_531_264, "torchvision convnext_tiny"),
    ("unet", {}, 31_030_658, 150_428_424_448, "arithmetic from Ronneberger et al. 2015, figure 1"),
    ("yolov2", {}, 50_962_889, 31_469_126_656, "darknet yolov2.cfg: 62.94 billion operations, two a MAC"),
    ("conv1x1", {}, 32 * 16 + 16, 6 * 6 * 32 * 16, "arithmetic"),
    ("residual_block", {}, 2 * (64 * 64 + 64), 2 * 64 * 64, "arithmetic"),
    ("residual_network", {}, 10 * (64 * 64 + 64), 10 * 64 * 64, "arithmetic"),
    ("plain_network", {}, 10 * (64 * 64 + 64), 10 * 64 * 64, "arithmetic"),
    ("inception_module", {}, 163_696, 128_049_152, "arithmetic: Szegedy et al. 2015, module 3a, table 1: 159 K"),
]


@pytest.mark.parametrize(("name", "params", "parameters", "macs", "source"), COUNTS, ids=lambda value: str(value)[:24])
def test_counts_are_those_of_the_source(
    name: str, params: dict[str, int], parameters: int, macs: int, source: str
) -> None:
    network = load(name, **params)
    assert (network.params, network.macs) == (parameters, macs), source


def test_every_shipped_network_is_counted() -> None:
    from cnngraph.shipped import shipped

    assert {name for name, *_ in COUNTS} == set(shipped())
