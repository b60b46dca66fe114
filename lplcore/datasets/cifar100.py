"""CIFAR-100 with its 100 fine classes."""

from typing import ClassVar, Literal

from lplcore.datasets.cifar import Cifar, CifarFile, Layout


class Cifar100(Cifar):
    """60,000 colour images of 32x32 pixels, 100 classes."""

    title: ClassVar[str] = "CIFAR-100"
    citation: ClassVar[str] = "Krizhevsky, Learning multiple layers of features from tiny images, 2009"
    python_layout: ClassVar[Layout] = Layout(
        "cifar-100-python",
        (CifarFile("train", "md5", "16019d7e3df5f24257cddd939b257f8d"),),
        (CifarFile("test", "md5", "f0ef6b0ae62326f3e7ffdfab6717acfc"),),
    )
    binary_layout: ClassVar[Layout] = Layout(
        "cifar-100-binary",
        (CifarFile("train.bin", "sha1", "e207cd2e05b73b1393c74c7f5e7bea451d63e08e"),),
        (CifarFile("test.bin", "sha1", "8fb6623e830365ff53cf14adec797474f5478006"),),
    )
    label_key: ClassVar[bytes] = b"fine_labels"
    label_bytes: ClassVar[int] = 2
    class_names: ClassVar[tuple[str, ...]] = (
        "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle", "bowl",
        "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle", "chair",
        "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur", "dolphin",
        "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp",
        "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse",
        "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
        "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket", "rose",
        "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar",
        "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor", "train",
        "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
    )  # fmt: skip
    downloader: ClassVar[str] = "CIFAR100"

    name: Literal["cifar100"] = "cifar100"
