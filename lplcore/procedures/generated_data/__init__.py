"""Generated examples as augmentation."""

from lplcore.procedures.generated_data.procedure import Gan, GeneratedData, fake_loss, real_loss

__all__ = ["Gan", "GeneratedData", "fake_loss", "real_loss"]
