# One image for every role; the command decides which (docker-compose.yml has them all).

FROM node:24-bookworm-slim AS frontend
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY frontend.mjs ./
COPY web/look web/look
RUN npm run build

FROM python:3.13-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt ./
RUN pip install --require-hashes --use-pep517 -r requirements.txt
WORKDIR /app
COPY pyproject.toml ./
COPY schemas schemas
COPY web web
COPY workers workers
COPY workflow workflow
RUN pip install --no-deps --no-build-isolation --config-settings editable_mode=compat --editable . \
    && python -m compileall -q /app

FROM python:3.13-slim-bookworm
RUN useradd --uid 10001 --no-create-home --home-dir /tmp loncatan \
    && install -d -o loncatan -g loncatan /data/anchors /data/evidence /data/keys
COPY --from=packages /opt/venv /opt/venv
COPY --from=packages /app /app
COPY --from=frontend /app/web/static/dist /app/web/static/dist
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER 10001:10001
EXPOSE 8000
CMD ["loncatan", "--help"]
