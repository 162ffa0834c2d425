# One image for every process: Airflow's components, workers, and (profile `sandbox`) the stand-ins.
# Built from the same hash-pinned lock as `make setup`.
FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/governance
WORKDIR /src
COPY requirements.lock ./
RUN /opt/governance/bin/pip install --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY include include
COPY sql sql
COPY dags dags
COPY plugins plugins
RUN /opt/governance/bin/pip install --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="governance-pipelines" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --create-home --uid 50000 --gid 0 airflow \
 && mkdir -p /var/lib/governance /opt/airflow/logs \
 && chown -R airflow:0 /var/lib/governance /opt/airflow \
 && chmod -R g=u /var/lib/governance /opt/airflow
COPY --from=build /opt/governance /opt/governance
COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
ENV PATH=/opt/governance/bin:$PATH \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/airflow/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/airflow/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    GOVERNANCE_VAR_DIR=/var/lib/governance \
    PYTHONUNBUFFERED=1
USER airflow
WORKDIR /opt/airflow
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=30s CMD governance --version
CMD ["airflow", "api-server"]
