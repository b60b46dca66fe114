"""What the results say, in words; to be read again whenever results are added."""

FINDINGS = """## What follows

**Why LPL is behind logit adjustment here.** Not for want of time: on digits at 100:1 four times as many epochs take
LPL from 18.1 to 17.2, logit adjustment from 14.4 to 14.0. Not for weight decay, which tripled changes less than 0.3
points, nor for detaching (0.03), tau (0.1) or rounded steps (0.1). Bounds from performance, as Eq. 33 prints them,
gain a point at 100:1 and none at 50:1. The released factor of 0.2 on the head's bounds loses 1.6 points, the released
walk 1.2.

What counts is how far the bounds reach. Those of Eq. 33 fall off as n_c / n_1 from the most frequent class and as n_C
/ n_c from the rarest, so that most classes between them get next to nothing, where logit adjustment's margins grow
evenly with log n. And a margin on the tail's own examples does little: their gradient is near its limit already. What
keeps a rare class down are the examples of all other classes; logit adjustment weakens the pull of each by n_c / n_k,
LPL that of the few most frequent classes alone, and it strengthens that of every other tail class. So its defaults
leave 0.89 of the prior on CIFAR-10-LT 100:1 and 0.98 on CIFAR-100-LT, the paper's options 0.94 and 1.00: nearly cross
entropy.

**Wider bounds are half a way out.** On digits delta_epsilon 3 gains 1.6 points at 100:1, 0.7 at 50:1 and perhaps 0.4
at 10:1, where LPL is level with logit adjustment as it is; 5 gains 2.7 at 100:1 and nothing at the others. 10, and
fixed bounds of 5, put the most frequent classes, or those at the threshold, where the rarest were, and lose 18 and 19
points. Behind logit adjustment delta_epsilon 5 loses 15 points, since the prior is gone already. What is left of the
prior at a given delta_epsilon depends on the imbalance and on the number of classes (5 leaves 0.02 on digits at 10:1,
0.56 on CIFAR-10-LT at 100:1, 0.88 on CIFAR-100-LT), so no constant serves everywhere.

**The paper's claim.** Tables III and IV have LPL 0.36 and 0.28 points below logit adjustment, means of five runs with
no deviation given, each the best of a grid (nine points for LPL, five for logit adjustment). The released scripts
train 1,240 epochs or more, LPL with three times the weight decay of their logit adjustment and with other milestones.
Nothing here has been trained that long, so the figures are neither confirmed nor refuted. In short trainings the
claim does not hold, and the arithmetic above, which speaks of data that are not fitted yet, gives no reason why it
should. What does show here as in the paper: the loss of the head is lowered and that of the tail raised (Fig. 11),
and on digits LA+LPL is not behind logit adjustment. On CIFAR-10-LT in 15 epochs it is ahead on the rarest classes and
pays more than that on the frequent ones, in the seeds that have ended.

**What to take.** Logit adjustment first; LPL behind it (`la_lpl`, delta_epsilon at most 2) where the rarest classes
matter most; LPL alone to study it, or with delta_epsilon chosen on validation between 2 and 5. The alias keeps its
defaults ([decision](../decisions/0029-lpl-default.md)).
"""
