"""Published data sets of images that files list."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from lplcore.data.images.files import ImageFiles
from lplcore.data.images.listing import Listed, Lists, folders_in, lists_of, read_list, refuse_shared
from lplcore.data.images.present import refuse_odd, there
from lplcore.data.images.published import Published
from lplcore.data.info import RawFacts
from lplcore.data.raw import RawData, RegisteredDataset, raw_facts
from lplcore.datasets.image_files import ImageDataset
from lplcore.errors import DatasetError

RECIPE = ({"name": "random_resized_crop"}, {"name": "horizontal_flip"}, {"name": "color_jitter"})
"""What the field trains long-tailed photographs with; the jitter is 0.4 of brightness, contrast and saturation."""


MULTI_LABEL_RECIPE = ({"name": "random_crop"}, {"name": "photometric_distortion"}, {"name": "horizontal_flip"})
"""What distribution-balanced loss's code trains VOC-MLT and COCO-MLT with, its crop first."""


class ListedImages(ImageDataset):
    """What these data sets share: they lie in a folder of their own, which may be a link, as may the folders in it.

    Whether its images are there is seen when they are read for a run; the facts come from the lists alone.
    """

    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    default_augmentation: ClassVar[str | Sequence[Mapping[str, Any]]] = RECIPE
    folder: ClassVar[str]
    """Below `datasets` of the data folder."""
    forms: ClassVar[tuple[tuple[str, ...], ...]]
    """Files that list the images, in each form in which they may come."""
    images_at: ClassVar[str]
    """Where the images go, for messages."""
    published: ClassVar[Published]

    @abstractmethod
    def lists(self, root: Path, names: Sequence[str]) -> Lists:
        """What the files of one form say.

        Raises:
            DatasetError: one of them is wrong.
        """

    def read(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawData:
        root, lists = self._listed(data_dir)
        checked = [
            there(root, split.names, listing=split.listing, leave_out=self.on_damaged == "leave_out", linked=True)
            for split in lists.splits
        ]
        parts = [
            (self._files(root, split)[kept], split.labels[kept])
            for split, (kept, _) in zip(lists.splits, checked, strict=True)
        ]
        return self._raw(lists, parts, tuple(note for _, notes in checked for note in notes))

    def facts(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> RawFacts:
        root, lists = self._listed(data_dir)
        parts = [(self._files(root, split), split.labels) for split in lists.splits]
        return raw_facts(self._raw(lists, parts, ()), sha256=None)

    def files(self, data_dir: Path, registered: Mapping[str, RegisteredDataset]) -> list[Path]:
        root = self._root(data_dir)
        return [*(root / name for form in self.forms for name in form), root, *folders_in(root)]

    def _root(self, data_dir: Path) -> Path:
        return data_dir / "datasets" / self.folder

    def _listed(self, data_dir: Path) -> tuple[Path, Lists]:
        root = self._root(data_dir)
        form = next((form for form in self.forms if all((root / name).is_file() for name in form)), None)
        if form is None:
            wanted = ", or ".join(" and ".join(form) for form in self.forms)
            raise DatasetError("name", f"{self.name} is not there: put {wanted} into {root}, and {self.images_at}")
        lists = self.lists(root, form)
        for split in lists.splits:
            refuse_odd(split.names, listing=split.listing)
        refuse_shared(lists)
        return root, lists

    def _files(self, root: Path, split: Listed) -> ImageFiles:
        return self.images(root, split.names, listing=split.listing, lines=split.lines)

    def _raw(self, lists: Lists, parts: Sequence[tuple[ImageFiles, Any]], left_out: tuple[str, ...]) -> RawData:
        """The data as the splits' images and labels say."""
        notes = (*self.published.differences(lists), *left_out)
        (x_train, y_train), (x_test, y_test) = parts[0], parts[-1]
        (task,) = self.tasks
        data = RawData(lists.classes, x_train, y_train, x_test, y_test, task=task, notes=notes, modified=bool(notes))
        if lists.validation is None:
            return data
        return replace(data, x_validation=parts[1][0], y_validation=parts[1][1])


def long_tailed(root: Path, names: Sequence[str], published: Published) -> Lists:
    """Lists of training, validation and test images whose labels are numbers."""
    train, validation, test = (read_list(root / name, classes=published.classes) for name in names)
    return lists_of(train, test, validation=validation)
