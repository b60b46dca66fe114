"""infoGAN as augmentation."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss

from lplcore.data.info import DatasetInfo
from lplcore.procedures.generated_data.networks import ReadingDiscriminator
from lplcore.procedures.generated_data.procedure import Gan, GeneratedData, fake_loss, real_loss


class Infogan(GeneratedData):
    """The discriminator reads the categorical code and two continuous ones back from what was generated.

    infoGAN itself knows no labels. Here the reader of the categorical code also learns from the labels of real
    examples, so that a code means a class (as ss-InfoGAN, Spurr et al., ECML 2017).
    """

    title: ClassVar[str] = "infoGAN as augmentation"
    citation: ClassVar[str] = "Chen et al., InfoGAN: interpretable representation learning, NeurIPS 2016, Eq. 6"
    formula: ClassVar[str] = (
        r"\begin{aligned} & \ell_D = -\log D(x) - \log(1 - D(\tilde{x})) + \lambda_1 \mathrm{CE}(x, y) + L, \\ "
        r"& \ell_G = -\log D(\tilde{x}) + L, \\ & L = \lambda_1 \mathrm{CE}(\tilde{x}, c) + \lambda_2 "
        r"\|Q(\tilde{x}) - z\|^2, \\ & \tilde{x} = G(z, c) \end{aligned}"
    )
    effect: ClassVar[str] = (
        "Generated examples join every batch, by default of every class alike: the tail gets new examples, as "
        "good as the generator."
    )
    advice: ClassVar[str] = (
        "Costs a generator's training beforehand. On long-tailed digits ahead of cross entropy, behind logit "
        "adjustment."
    )

    name: Literal["infogan"] = "infogan"
    latent: int = Field(64, ge=3, le=10_000, description="random numbers of the code, the continuous codes among them")
    continuous_codes: int = Field(2, ge=1, le=100, description="of the random numbers, how many are read back")
    categorical_weight: float = Field(1.0, ge=0, le=1000, description="lambda of the categorical code")
    continuous_weight: float = Field(0.1, ge=0, le=1000, description="lambda of the continuous codes")

    @model_validator(mode="after")
    def _codes_are_random_numbers(self) -> Self:
        if self.continuous_codes > self.latent:
            raise PydanticCustomError("order", "must be at most latent", {"field": "continuous_codes"})
        return self

    def build(self, info: DatasetInfo) -> Gan:
        return InformationGan(self, info)


class InformationGan(Gan):
    """The game of infoGAN: the information bound is both networks' to raise."""

    def __init__(self, options: Infogan, info: DatasetInfo) -> None:
        codes = options.continuous_codes
        reader = ReadingDiscriminator(info.input_shape, len(info.classes), codes=codes, width=options.width)
        super().__init__(options, info, reader)
        self.codes, self.options = codes, options

    def discriminator_loss(self, real: Tensor, fake: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        real_logits, real_classes, _ = self.discriminator(real)
        fake_logits, fake_classes, codes = self.discriminator(fake)
        source = real_loss(real_logits) + fake_loss(fake_logits)
        supervised = self.options.categorical_weight * cross_entropy(real_classes, labels)
        return source + supervised + self._information(fake_classes, codes, labels, code)

    def generator_loss(self, fake: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        logits, classes, codes = self.discriminator(fake)
        return real_loss(logits) + self._information(classes, codes, labels, code)

    def _information(self, classes: Tensor, codes: Tensor, labels: Tensor, code: Tensor) -> Tensor:
        category = self.options.categorical_weight * cross_entropy(classes, labels)
        return category + self.options.continuous_weight * mse_loss(codes, code[:, : self.codes])
