FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /opt/mentionbridge \
 && /opt/mentionbridge/bin/pip install --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE config.example.toml ./
COPY migrations migrations
COPY src src
RUN /opt/mentionbridge/bin/pip install --no-deps --no-build-isolation . \
 && /opt/mentionbridge/bin/pip uninstall --yes pip hatchling editables \
 && find /opt/mentionbridge -name '__pycache__' -type d -prune -exec rm -rf {} +

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="mentionbridge" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 bridge \
 && useradd --uid 10001 --gid bridge --home-dir /data --no-create-home --shell /usr/sbin/nologin bridge \
 && install -d -o bridge -g bridge /data
COPY --from=build /opt/mentionbridge /opt/mentionbridge
ENV PATH=/opt/mentionbridge/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MENTIONBRIDGE__SERVER__HOST=0.0.0.0 \
    MENTIONBRIDGE__DATABASE__URL=sqlite:////data/mentionbridge.sqlite \
    MENTIONBRIDGE__LOGS__FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --retries=4 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["mentionbridge", "serve"]
