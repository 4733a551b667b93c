"""The API."""

from flask import Flask


def init_app(app: Flask, csrf: object) -> None: ...
