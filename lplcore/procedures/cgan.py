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
    formula: ClassVar[str] = r"\ell_D = -\log D(x, y) - \log(1 - D(G(z, c), c)), \quad \ell_G = -\log D(G(z, c), c)"
    effect: ClassVar[str] = (
        "Generated examples join every batch, by default of every class alike: the tail gets new examples, as "
        "good as the generator."
    )
    advice: ClassVar[str] = (
        "Costs a generator's training beforehand, and needs about a thousand of its steps before labels mean "
        "anything on digits. No clear gain there over cross entropy."
    )

    name: Literal["cgan"] = "cgan"

    def build(self, info: DatasetInfo) -> Gan:
        return ConditionalGan(self, info, LabelledDiscriminator(info.input_shape, len(info.classes), width=self.width))


class ConditionalGan(Gan):
    """The game of CGAN, with the generator's loss that does not saturate."""

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        return real_loss(self.discriminator(real, labels)) + fake_loss(self.discriminator(fake, labels))

    def generator_loss(self, fake: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        return real_loss(self.discriminator(fake, labels))
