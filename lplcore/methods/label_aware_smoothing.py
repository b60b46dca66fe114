"""Label-aware smoothing."""

from lplcore.frame.alias import Alias

LABEL_AWARE_SMOOTHING = Alias(
    name="label_aware_smoothing",
    title="Label-aware smoothing",
    citation="Zhong et al., Improving calibration for long-tailed recognition, CVPR 2021",
    composition={"loss": "cross_entropy", "targets": ["label_aware_smoothing"]},
)
