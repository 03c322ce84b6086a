# Edgerunner OS: the API with its screen. See docs/deployment.md.
#
#   docker build -t edgerunner .
#   docker run -v edgerunner:/data -p 127.0.0.1:8000:8000 edgerunner
#
# One container owns the broker sessions: never run two on one volume. What protects the API although it binds every
# address of the container: nothing is answered without a key (made on the first start, in /data/api_key), and only
# for host names in EDGERUNNER_ALLOWED_HOSTS.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG NODE_IMAGE=node:22-bookworm-slim
# Who starts the container; 0:0 where volumes belong to root (Render, Railway): it hands /data over and becomes 10001.
ARG RUN_AS=10001:10001

# SCREEN=dist takes a screen that `make screen` built, for machines that reach no registry; any image will do then.
FROM ${NODE_IMAGE} AS screen
ARG SCREEN=build
WORKDIR /screen
COPY frontend ./
RUN if [ "$SCREEN" = dist ]; then test -f dist/index.html; \
    else npm ci --ignore-scripts --no-audit --no-fund && npm run build; fi

FROM ${PYTHON_IMAGE} AS packages
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
RUN python -m venv /tools && python -m venv --without-pip /opt/edgerunner
COPY requirements/server.txt /src/requirements/
RUN /tools/bin/pip --python /opt/edgerunner/bin/python install --no-cache-dir --only-binary :all: \
    --require-hashes --requirement /src/requirements/server.txt
COPY pyproject.toml README.md LICENSE NOTICE /src/
COPY backend/edgerunner /src/backend/edgerunner
RUN /tools/bin/pip --python /opt/edgerunner/bin/python install --no-cache-dir --no-deps --no-build-isolation /src \
    && /tools/bin/pip --python /opt/edgerunner/bin/python uninstall --yes editables hatchling trove-classifiers \
    && mkdir --mode=0700 /tools/data
# What nothing here imports.
WORKDIR /opt/edgerunner/lib
RUN rm -rf python3.*/site-packages/pyarrow/include python3.*/site-packages/pyarrow/tests \
    python3.*/site-packages/pyarrow/*flight* \
    python3.*/site-packages/numpy/*/tests

FROM ${PYTHON_IMAGE}
ARG RUN_AS
LABEL org.opencontainers.image.title="Edgerunner OS" \
      org.opencontainers.image.description="One API and one book over Interactive Brokers, MetaTrader 5 and Bybit" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
COPY --from=packages /opt/edgerunner /opt/edgerunner
COPY --from=screen /screen/dist /opt/edgerunner/screen
COPY deploy/start.py deploy/healthcheck.py /opt/edgerunner/
COPY --from=packages --chown=10001:10001 --chmod=0700 /tools/data /data
ENV PATH=/opt/edgerunner/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    EDGERUNNER_DATA_DIR=/data \
    EDGERUNNER_HOST=0.0.0.0 \
    EDGERUNNER_SCREEN_DIR=/opt/edgerunner/screen
WORKDIR /data
USER ${RUN_AS}
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "/opt/edgerunner/healthcheck.py"]
ENTRYPOINT ["python", "/opt/edgerunner/start.py"]
CMD ["serve"]
