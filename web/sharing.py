"""Answers that caches may keep: files that are the same for all, and the pages of visitors."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Flask, g, make_response, request, session
from flask import Response as FlaskResponse
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from web.context import desk, viewer

P = ParamSpec("P")

MINUTES_KEPT = 5


def init_app(app: Flask) -> None:
    app.jinja_env.globals["csrf_token"] = _csrf_token
    app.context_processor(lambda: {"csrf_token": _csrf_token})


def published(body: bytes, kind: str) -> Response:
    """The same for everybody, so anybody may keep it for a while and ask whether it changed."""
    answer = Response(body, content_type=kind)
    answer.cache_control.public = True
    answer.cache_control.max_age = MINUTES_KEPT * 60
    answer.add_etag()
    return answer.make_conditional(request)


def shareable(view: Callable[P, str]) -> Callable[P, FlaskResponse | Response]:
    """A page that caches between the server and a visitor may keep, if the visitor left nothing here.

    Whoever has a session (an account, a form begun, a message to be shown) gets a page of their own, and so
    does everybody in a demo, whose frame changes. A shared page holds no CSRF token. The visitor's browser
    asks each time, so that it never shows the page of before signing in; cookies (language, colours) tell
    pages apart.
    """

    @wraps(view)
    def shared(*args: P.args, **kwargs: P.kwargs) -> FlaskResponse | Response:
        g.shared = viewer() is None and not session and not desk().settings.demo
        answer = make_response(view(*args, **kwargs))
        if not g.shared:
            return answer
        answer.vary.add("Cookie")
        control = answer.cache_control
        control.public, control.max_age, control.s_maxage = True, 0, MINUTES_KEPT * 60
        control.must_revalidate = True
        answer.add_etag()
        return answer.make_conditional(request)

    return shared


def _csrf_token() -> str:
    """Empty on a page for several readers: no form there needs one."""
    return "" if g.get("shared") else generate_csrf()
