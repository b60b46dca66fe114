"""Last layers that models share."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class CosineClassifier(nn.Module):
    """logits_c = s * cos(w_c, f): features [N, D] to logits [N, C]."""

    def __init__(self, num_features: int, num_classes: int, *, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.weight = nn.Parameter(torch.empty(num_classes, num_features))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, features: Tensor) -> Tensor:
        # Below float32 the norm of a long feature vector overflows or loses most of its digits.
        with torch.autocast(features.device.type, enabled=False):
            directions = functional.normalize(self.weight.float(), dim=1)
            return self.scale * functional.linear(functional.normalize(features.float(), dim=1), directions)
