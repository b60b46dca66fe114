"""What of a run goes into a checkpoint, and a run that goes on from one."""

from collections.abc import Mapping

from torch import Tensor

from lplcore.procedures import Companion
from lplcore.spec.identity import DRAWS, comparable_spec, resume_notes, run_spec, saved_spec
from lplcore.training import checkpoint as checkpoints
from lplcore.training.checkpoint import Checkpoint
from lplcore.training.run import TrainingRun


def checkpoint_of(run: TrainingRun) -> Checkpoint:
    """All that is needed to go on from here."""
    groups: dict[str, Mapping[str, Tensor]] = {
        "model": run.state.model.state_dict(),
        "criterion": run.state.criterion.state_dict(),
        "optimizer": checkpoints.optimizer_tensors(run.state.optimizer),
        **companion_groups(run.state.companion),
        "epoch": run.totals.state() if run.step else {},
    }
    tensors = {f"{group}.{name}": tensor for group, part in groups.items() for name, tensor in part.items()}
    metadata = {
        "spec": run_spec(run.spec),
        "class_names": list(run.info.classes),
        "class_counts": list(run.info.class_counts),
        "modified": run.info.modified,
        "notes": list(run.info.notes),
        "epoch": run.epoch,
        "step": run.step,
        "prepared": run.prepared,
        **run.evaluation.metadata(),
        "draws": DRAWS,
        "conditions": run.conditions.said(),
    }
    return Checkpoint(tensors, metadata)


def companion_groups(companion: Companion) -> dict[str, Mapping[str, Tensor]]:
    """Tensors of networks beside the classifier, and of their optimisers."""
    optimizers = {
        f"companion_optimizer.{name}": checkpoints.optimizer_tensors(optimizer)
        for name, optimizer in companion.optimizers().items()
    }
    return {"companion": companion.state_dict(), **optimizers}


@checkpoints.unusable_is_damaged()
def resume(run: TrainingRun, saved: Checkpoint) -> list[str]:
    """Go on from a checkpoint; returns notes on what is not as in the run that wrote it.

    Raises:
        CheckpointError: it belongs to another experiment or model, or what it says makes no sense.
    """
    own = comparable_spec(run.spec)
    theirs = saved_spec(saved.metadata.get("spec") or {}, datasets=run.datasets)
    comparable = Checkpoint({}, {**saved.metadata, "spec": theirs})
    checkpoints.check_same_experiment(comparable, {"spec": own, "class_counts": list(run.info.class_counts)})
    checkpoints.load_module(run.state.model, saved.group("model"), what="model")
    checkpoints.load_module(run.state.criterion, saved.group("criterion"), what="criterion")
    checkpoints.load_optimizer(run.state.optimizer, saved.group("optimizer"))
    checkpoints.load_module(run.state.companion, saved.group("companion"), what="companion")
    for name, optimizer in run.state.companion.optimizers().items():
        checkpoints.load_optimizer(optimizer, saved.group(f"companion_optimizer.{name}"))
    run.epoch = saved.count("epoch", run.spec.epochs)
    run.draw_epoch()
    run.step = saved.count("step", run.steps)
    run.prepared = saved.count("prepared", run.preparations)
    run.evaluation.restore(saved.metadata)
    if run.step:
        run.totals.load(saved.group("epoch"))
    return resume_notes(run.spec, saved.metadata, run.conditions.said())
