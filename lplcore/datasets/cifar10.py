"""CIFAR-10."""

from typing import ClassVar, Literal

from lplcore.datasets.cifar import Cifar, CifarFile, Layout


class Cifar10(Cifar):
    """60,000 colour images of 32x32 pixels, 10 classes."""

    title: ClassVar[str] = "CIFAR-10"
    citation: ClassVar[str] = "Krizhevsky, Learning multiple layers of features from tiny images, 2009"
    python_layout: ClassVar[Layout] = Layout(
        "cifar-10-batches-py",
        (
            CifarFile("data_batch_1", "md5", "c99cafc152244af753f735de768cd75f"),
            CifarFile("data_batch_2", "md5", "d4bba439e000b95fd0a9bffe97cbabec"),
            CifarFile("data_batch_3", "md5", "54ebc095f3ab1f0389bbae665268c751"),
            CifarFile("data_batch_4", "md5", "634d18415352ddfa80567beed471001a"),
            CifarFile("data_batch_5", "md5", "482c414d41f54cd18b22e5b47cb7c3cb"),
        ),
        (CifarFile("test_batch", "md5", "40351d587109b95175f43aff81a1287e"),),
    )
    binary_layout: ClassVar[Layout] = Layout(
        "cifar-10-batches-bin",
        tuple(CifarFile(f"data_batch_{n}.bin", "sha1", None) for n in range(1, 6)),
        (CifarFile("test_batch.bin", "sha1", None),),
    )
    label_key: ClassVar[bytes] = b"labels"
    label_bytes: ClassVar[int] = 1
    class_names: ClassVar[tuple[str, ...]] = (
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    )  # fmt: skip
    downloader: ClassVar[str] = "CIFAR10"

    name: Literal["cifar10"] = "cifar10"
