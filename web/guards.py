"""Decorators for views: who may come in at all. Finer questions go to the policy inside."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from web.context import me, viewer
from web.errors import Unauthenticated
from workflow.errors import Forbidden
from workflow.models import User

P = ParamSpec("P")
R = TypeVar("R")


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Pages for people with an account; others are sent to sign in and come back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if viewer() is None:
            raise Unauthenticated("Silakan masuk untuk membuka halaman ini.")
        return view(*args, **kwargs)

    return guarded


def allowed(test: Callable[[User], bool]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Pages for those of whom the policy says so."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not test(me()):
                raise Forbidden
            return view(*args, **kwargs)

        return signed_in(guarded)

    return decorate
