"""CGAN as augmentation."""

from typing import ClassVar, Literal

from torch import Tensor

from lplcore.data.info import DatasetInfo
from lplcore.procedures.generated_data.networks import LabelledDiscriminator
from lplcore.procedures.generated_data.procedure import Gan, GeneratedData, fake_loss, real_loss


class Cgan(GeneratedData):
    """Generator and discriminator both see the label."""

    title: ClassVar[str] = "CGAN as augmentation"
    citation: ClassVar[str] = "Mirza, Osindero, Conditional generative adversarial nets, 2014, Eq. 2"

    name: Literal["cgan"] = "cgan"

    def build(self, info: DatasetInfo) -> Gan:
        return ConditionalGan(self, info, LabelledDiscriminator(info.input_shape, len(info.classes), width=self.width))


class ConditionalGan(Gan):
    """The game of CGAN, with the generator's loss that does not saturate."""

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        return real_loss(self.discriminator(real, labels)) + fake_loss(self.discriminator(fake, labels))

    def generator_loss(self, fake: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        return real_loss(self.discriminator(fake, labels))
