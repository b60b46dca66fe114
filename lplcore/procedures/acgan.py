"""ACGAN as augmentation."""

from typing import ClassVar, Literal

from torch import Tensor
from torch.nn.functional import cross_entropy

from lplcore.data.info import DatasetInfo
from lplcore.procedures.generated_data.networks import ReadingDiscriminator
from lplcore.procedures.generated_data.procedure import Gan, GeneratedData, fake_loss, real_loss


class Acgan(GeneratedData):
    """The discriminator also reads the class; both losses count half."""

    title: ClassVar[str] = "ACGAN as augmentation"
    citation: ClassVar[str] = (
        "Odena et al., Conditional image synthesis with auxiliary classifier GANs, ICML 2017, Eq. 2, 3"
    )
    formula: ClassVar[str] = (
        r"\begin{aligned} & \ell_D = \frac{1}{2} \left(-\log D(x) - \log(1 - D(G(z, c))) + \mathrm{CE}(x, y) + "
        r"\mathrm{CE}(G(z, c), c)\right), \\ & \ell_G = \frac{1}{2} \left(-\log D(G(z, c)) + \mathrm{CE}(G(z, "
        r"c), c)\right) \end{aligned}"
    )
    effect: ClassVar[str] = (
        "Generated examples join every batch, by default of every class alike: the tail gets new examples, as "
        "good as the generator."
    )
    advice: ClassVar[str] = (
        "Costs a generator's training beforehand. On long-tailed digits ahead of cross entropy, behind logit "
        "adjustment."
    )

    name: Literal["acgan"] = "acgan"

    def build(self, info: DatasetInfo) -> Gan:
        reader = ReadingDiscriminator(info.input_shape, len(info.classes), codes=0, width=self.width)
        return AuxiliaryClassifierGan(self, info, reader)


class AuxiliaryClassifierGan(Gan):
    """The game of ACGAN."""

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        real_logits, real_classes, _ = self.discriminator(real)
        fake_logits, fake_classes, _ = self.discriminator(fake)
        source = real_loss(real_logits) + fake_loss(fake_logits)
        return 0.5 * (source + cross_entropy(real_classes, labels) + cross_entropy(fake_classes, labels))

    def generator_loss(self, fake: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        logits, classes, _ = self.discriminator(fake)
        return 0.5 * (real_loss(logits) + cross_entropy(classes, labels))
