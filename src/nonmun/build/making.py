"""Make the text of many pages on all cores: pages know nothing of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import jinja2

from nonmun.cores import Note, on_all_cores
from nonmun.errors import Fault, NonmunError, SetupError
from nonmun.pages import PagePlan

# Below this many pages a second process saves less than its start costs.
PAGES_PER_PROCESS = 400

Write = Callable[[str, str], None]  # a page's path and text
Faults = dict[str, tuple[Fault, ...]]


def make_pages(plans: Sequence[PagePlan], write: Write, note: Note) -> Faults:
    """Make every page and hand it to `write`; the faults found meanwhile, by page. `note` hears how many are done."""
    faults: Faults = {}
    for share in on_all_cores(plans, lambda share, note: _make(share, write, note), least=PAGES_PER_PROCESS, note=note):
        faults.update(share)
    return faults


def _make(plans: Sequence[PagePlan], write: Write, note: Note) -> Faults:
    faults: Faults = {}
    for index, plan in enumerate(plans):
        with _named(plan):
            made = plan.make()
        write(plan.path, made.text)
        faults[plan.path] = made.faults
        if index % 50 == 0:
            note(index)
    return faults


@contextmanager
def _named(plan: PagePlan) -> Iterator[None]:
    """Name the page that could not be made, and the template where it is to blame."""
    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        raise SetupError(
            f"site/templates/{error.name}:{error.lineno}: {error.message}", mend="correct the template"
        ) from error
    except jinja2.TemplateError as error:
        raise SetupError(
            f"the template of {plan.path}: {error.message or type(error).__name__}",
            mend="correct it in site/templates, or delete it there and have nonmun's own",
        ) from error
    except Exception as error:
        raise NonmunError(
            f"{plan.path} cannot be made ({type(error).__name__}: {error})",
            mend="take your own templates out of site/templates; if that does not help, please report this",
        ) from error
