"""Parameters and multiply-accumulates, to the unit, against sources that others wrote."""

from __future__ import annotations

from typing import Any

import pytest

from tests.networks import load

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
    ("resnet_small", {}, 269_722, 40_551_040, "He et al. 2015, table 6: 0.27 M; arithmetic"),
    ("resnet_small", {"residual": False}, 269_722, 40_551_040, "its plain twin has the same, section 4.2"),
    ("resnet_small", {"n": 5}, 464_154, 68_862_592, "table 6: 0.46 M"),
    ("resnet_small", {"n": 7}, 658_586, 97_174_144, "table 6: 0.66 M"),
    ("resnet_small", {"n": 9}, 853_018, 125_485_696, "table 6: 0.85 M"),
    ("resnet_small", {"n": 18}, 1_727_962, 252_887_680, "table 6: 1.7 M"),
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
    ("unet_same", {}, 31_037_698, 192_686_325_760, "milesial/Pytorch-UNet issue 477: 31.037698 M"),
    ("unetpp", {}, 9_041_601, 119_000_793_088, "MrGiovanni/UNetPlusPlus: 9,041,601; the paper's 9.04 M"),
    ("fcn8", {}, 134_489_759, 181_529_034_048, "voc-fcn8s/deploy.prototxt by hand; the paper's 134 M"),
    (
        "segnet",
        {},
        29_441_419,
        30_924_472_320,
        "SegNet-Tutorial Models/segnet_train.prototxt by hand; the paper's 117 MB",
    ),
    ("fpn", {}, 26_852_416, 88_381_440_000, "torchvision resnet_fpn_backbone resnet50"),
    ("hourglass", {"stacks": 8}, 25_434_112, 27_440_185_344, "princeton-vl/pytorch_stacked_hourglass PoseNet"),
    ("hourglass", {}, 6_570_400, 8_334_606_336, "the same with two"),
    ("hrnet", {}, 21_299_004, 4_283_537_072, "timm hrnet_w18"),
    ("hrnet", {"w": 32}, 41_232_680, 8_921_133_056, "timm hrnet_w32"),
    ("yolov3", {}, 61_949_149, 32_932_037_632, "darknet yolov3.cfg: 65.86 billion operations, two a MAC"),
    ("yolov3", {"size": 608}, 61_949_149, 70_345_950_208, "darknet yolov3.cfg at 608"),
    ("ssd300", {"classes": 91}, 35_641_826, 34_858_153_472, "torchvision ssd300_vgg16, 34.858 GFLOPS"),
    ("ssd300", {}, 26_285_486, 31_373_537_792, "amdegroot/ssd.pytorch for VOC: 26,285,486"),
    ("deeplabv3_plus", {"size": 512}, 26_682_725, 36_645_109_760, "segmentation_models_pytorch DeepLabV3Plus resnet50"),
    ("deeplabv3_plus", {"size": 512, "depth": 101}, 45_674_853, 56_039_571_456, "the same with resnet101"),
    ("xception", {}, 22_855_952, 8_357_403_496, "timm legacy_xception; Keras Xception"),
    ("inception_v4", {}, 42_679_816, 12_253_974_624, "timm inception_v4"),
    ("regnet", {}, 4_344_144, 401_842_848, "torchvision regnet_y_400mf"),
    ("regnet", {"size": "Y-800MF"}, 6_432_512, 833_856_256, "torchvision regnet_y_800mf"),
    ("regnet", {"size": "Y-1.6GF"}, 11_202_430, 1_612_076_160, "torchvision regnet_y_1_6gf"),
    ("regnet", {"size": "Y-3.2GF"}, 19_436_338, 3_176_482_752, "torchvision regnet_y_3_2gf"),
    ("regnet", {"size": "Y-8GF"}, 39_381_472, 8_473_070_592, "torchvision regnet_y_8gf"),
    ("regnet", {"size": "X-400MF"}, 5_495_976, 413_812_608, "torchvision regnet_x_400mf"),
    ("regnet", {"size": "X-800MF"}, 7_259_656, 799_699_712, "torchvision regnet_x_800mf"),
    ("regnet", {"size": "X-1.6GF"}, 9_190_136, 1_602_849_792, "torchvision regnet_x_1_6gf"),
    ("regnet", {"size": "X-3.2GF"}, 15_296_552, 3_176_621_952, "torchvision regnet_x_3_2gf"),
    ("regnet", {"size": "X-8GF"}, 39_572_648, 7_995_132_416, "torchvision regnet_x_8gf"),
    ("mobilenet_v3_large", {}, 5_483_032, 216_589_760, "torchvision mobilenet_v3_large"),
    ("mobilenet_v3_small", {}, 2_542_856, 56_510_400, "torchvision mobilenet_v3_small"),
    ("nasnet_mobile", {}, 5_289_978, 563_638_816, "Keras NASNetMobile: 5,289,978 trainable; the paper's 564 M"),
    ("two_stream", {}, 181_335_594, 4_277_888_928, "arithmetic: CNN-M-2048 (Chatfield et al. 2014) twice"),
    ("dcgan", {}, 18_885_760, 640_614_400, "Newmu/dcgan_code faces/train_uncond_dcgan.py: its gen_params by hand"),
    ("srgan", {}, 1_547_350, 20_442_710_016, "arithmetic from Ledig et al. 2017, figure 4, one slope for each PReLU"),
    ("conv1x1", {}, 32 * 16 + 16, 6 * 6 * 32 * 16, "arithmetic"),
    ("residual_block", {}, 2 * (64 * 64 + 64), 2 * 64 * 64, "arithmetic"),
    ("residual_network", {}, 10 * (64 * 64 + 64), 10 * 64 * 64, "arithmetic"),
    ("plain_network", {}, 10 * (64 * 64 + 64), 10 * 64 * 64, "arithmetic"),
    ("inception_module", {}, 163_696, 128_049_152, "arithmetic: Szegedy et al. 2015, module 3a, table 1: 159 K"),
]


@pytest.mark.parametrize(("name", "params", "parameters", "macs", "source"), COUNTS, ids=lambda value: str(value)[:24])
def test_counts_are_those_of_the_source(
    name: str, params: dict[str, Any], parameters: int, macs: int, source: str
) -> None:
    network = load(name, **params)
    assert (network.params, network.macs) == (parameters, macs), source


def test_every_shipped_network_is_counted() -> None:
    from cnngraph.shipped import shipped

    assert {name for name, *_ in COUNTS} == set(shipped())
