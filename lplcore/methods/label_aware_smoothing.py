"""Label-aware smoothing."""

from lplcore.frame.alias import Alias

LABEL_AWARE_SMOOTHING = Alias(
    name="label_aware_smoothing",
    title="Label-aware smoothing",
    citation="Zhong et al., Improving calibration for long-tailed recognition, CVPR 2021",
    formula=(
        r"\begin{aligned} & \ell = -\sum_{c} \tilde{t}_c \log p_c, \\ & \tilde{t} = (1 - a_y) e_y + "
        r"\frac{a_y}{C}, \\ & a_y = a_{\mathrm{tail}} + (a_{\mathrm{head}} - a_{\mathrm{tail}}) "
        r"\sin\left(\frac{\pi}{2} \frac{n_y - n_{\min}}{n_{\max} - n_{\min}}\right) \end{aligned}"
    ),
    effect="The head, of which networks are too sure, is smoothed most, the tail least.",
    advice="For calibration. On long-tailed digits it does not lower the error.",
    composition={"loss": "cross_entropy", "targets": ["label_aware_smoothing"]},
)
