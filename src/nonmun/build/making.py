"""Make the text of many pages on all cores: pages know nothing of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

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

    def make(share: Sequence[PagePlan], note: Note) -> Faults:
        return make_here(share, write, note)

    shares = on_all_cores(plans, make, least=PAGES_PER_PROCESS, note=note)
    return {path: faults for share in shares for path, faults in share.items()}


def make_here(plans: Iterable[PagePlan], write: Write, note: Note) -> Faults:
    """The same in this process. It takes `plans` one by one, so that they may end as soon as something has happened."""
    faults: Faults = {}
    for index, plan in enumerate(plans):
        try:
            made = plan.make()
        except Exception as error:
            raise _refusal(plan, error) from error
        write(plan.path, made.text)
        faults[plan.path] = made.faults
        if index % 50 == 0:
            note(index)
    return faults


def _refusal(plan: PagePlan, error: Exception) -> NonmunError:
    """Name the page that could not be made, and the template where it is to blame."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return SetupError(f"site/templates/{error.name}:{error.lineno}: {error.message}", mend="correct the template")
    if isinstance(error, jinja2.TemplateError):
        return SetupError(
            f"the template of {plan.path}: {error.message or type(error).__name__}",
            mend="correct it in site/templates, or delete it there and have nonmun's own",
        )
    return NonmunError(
        f"{plan.path} cannot be made ({type(error).__name__}: {error})",
        mend="take your own templates out of site/templates; if that does not help, please report this",
    )
