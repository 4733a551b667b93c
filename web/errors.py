"""The only place where an error meets HTTP: a page for people, problem+json for programs."""

from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, jsonify, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from web.context import viewer
from web.language import say as _
from workflow.depot import StorageAway
from workflow.errors import DomainError, Forbidden, Invalid, NotFound, Refused, Stale
from workflow.imports.sheet import FileTooLarge
from workflow.quarantine import Quarantined

STATUS: dict[type[DomainError], int] = {
    NotFound: 404,
    Forbidden: 403,
    Refused: 409,
    Stale: 409,
    Invalid: 422,
    FileTooLarge: 413,
    StorageAway: 503,
    Quarantined: 423,
}
RETRY_SECONDS = "5"

TITLES = {
    400: "Permintaan tidak dapat dibaca",
    401: "Perlu masuk",
    403: "Tidak diizinkan",
    404: "Tidak ditemukan",
    405: "Cara akses tidak didukung",
    406: "Format tidak tersedia",
    409: "Tidak dapat dilakukan sekarang",
    413: "Kiriman terlalu besar",
    415: "Jenis kiriman tidak didukung",
    422: "Isian perlu diperbaiki",
    423: "Berkas belum dapat dibuka",
    428: "Versi belum disebutkan",
    429: "Terlalu banyak permintaan",
    500: "Terjadi kesalahan pada sistem",
    503: "Sistem sedang sibuk",
}

HINTS = {
    400: "Muat ulang halaman, lalu coba lagi.",
    401: "Masuk dengan akun Anda, lalu ulangi.",
    403: "Anda tidak memiliki peran untuk tindakan ini. Hubungi Bappeda Litbang bila menurut Anda keliru.",
    404: "Alamat ini tidak ada, atau Anda tidak memiliki akses.",
    405: "Alamat ini tidak menerima cara akses tersebut.",
    413: "Ukuran kiriman melebihi batas. Perkecil isian atau berkas, lalu kirim ulang.",
    415: "Kirim isi permintaan sebagai application/json.",
    428: "Sertakan tajuk If-Match berisi ETag terakhir yang Anda baca.",
    429: "Tunggu sebentar, lalu coba lagi.",
    500: "Kesalahan ini sudah dicatat. Coba lagi; bila berulang, hubungi Diskominfo.",
    503: "Isian Anda aman. Coba lagi beberapa detik lagi.",
}


EXPIRED = (
    "Sesi Anda berakhir atau halaman ini sudah terlalu lama terbuka. "
    "Muat ulang, lalu kirim lagi; draf Anda tetap tersimpan."
)


class PreconditionMissing(DomainError):
    """A write without If-Match."""

    message = HINTS[428]


class Unauthenticated(DomainError):
    """No sign-in, or a token that does not hold."""

    def __init__(self, message: str = "Token tidak ada, tidak dikenal, atau sudah berakhir.") -> None:
        self.message = message


STATUS |= {PreconditionMissing: 428, Unauthenticated: 401}


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    for busy in (OperationalError, InterfaceError, InternalError, PoolTimeout):
        app.register_error_handler(busy, _busy)
    app.register_error_handler(500, _bug)


def wants_json() -> bool:
    return request.path.startswith("/api/") or (
        request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )


def problem(status: int, detail: str, **more: Any) -> Response:  # noqa: ANN401
    """An RFC 9457 document."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(status, "Kesalahan"),
        "status": status,
        "detail": detail,
    }
    response = jsonify(body | more)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def _domain(error: DomainError) -> Response | tuple[str, int] | BaseResponse:
    status = STATUS.get(type(error), 400)
    if wants_json():
        response = problem(status, str(error), **_details(error))
        if status == HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    if isinstance(error, Unauthenticated):
        return redirect(url_for("security.login", next=request.full_path))
    return _page(status, str(error), getattr(error, "reasons", []), getattr(error, "problems", []))


def _details(error: DomainError) -> dict[str, Any]:
    if isinstance(error, Invalid):
        return {"errors": [{"pointer": p.pointer, "message": p.message} for p in error.problems]}
    if isinstance(error, Refused):
        return {"reasons": [{"guard": r.guard, "message": r.message, "fix": r.fix} for r in error.reasons]}
    if isinstance(error, Stale):
        return {"expected": error.expected, "current": error.current}
    return {}


def _http(error: HTTPException) -> Response | tuple[str, int] | BaseResponse:
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    detail = HINTS.get(status, error.description or "")
    if wants_json():
        response = problem(status, detail)
        allowed = getattr(error, "valid_methods", None)
        if allowed:
            response.headers["Allow"] = ", ".join(sorted(allowed))
        return response
    return _page(status, detail)


def _csrf(_error: CSRFError) -> Response | tuple[str, int]:
    """A script is told whether signing in again would help (401) or a fresh page would (403)."""
    if not wants_json():
        return _page(400, EXPIRED)
    return problem(401 if viewer() is None else 403, EXPIRED)


def _busy(_error: Exception) -> Response | tuple[str, int, dict[str, str]]:
    """The database is away or out of connections: nothing was stored, and trying again is right."""
    if wants_json():
        response = problem(503, HINTS[503])
        response.headers["Retry-After"] = RETRY_SECONDS
        return response
    g.plain_page = True
    body, status = _page(503, HINTS[503])
    return body, status, {"Retry-After": RETRY_SECONDS}


def _bug(_error: Exception) -> Response | tuple[str, int]:
    g.plain_page = True
    return problem(500, HINTS[500]) if wants_json() else _page(500, HINTS[500])


def _page(status: int, detail: str, reasons: Any = (), problems: Any = ()) -> tuple[str, int]:  # noqa: ANN401
    html = render_template(
        "error.html",
        status=status,
        error_title=_(TITLES.get(status, "Kesalahan")),
        detail=_(detail) if detail else "",
        reasons=reasons,
        problems=problems,
    )
    return html, status
