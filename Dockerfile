# attio-ctl with its sandbox, on the dependencies that are locked in requirements/run.txt, as an unprivileged user:
#   docker run --rm --env ATTIO_TOKEN --volume "$PWD:/work" attio-ctl plan
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/run.txt requirements/
RUN python -m venv /opt/attio-ctl \
 && /opt/attio-ctl/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY attio_ctl attio_ctl
RUN /opt/attio-ctl/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation . \
 && /opt/attio-ctl/bin/python -m compileall -q /opt/attio-ctl/lib

FROM python:3.13-slim
# git names the commit that a plan was made from, and reads the base that mappings are compared with
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 attio-ctl \
 && git config --system --add safe.directory /work
COPY --from=build /opt/attio-ctl /opt/attio-ctl
ENV PATH=/opt/attio-ctl/bin:$PATH
USER attio-ctl
WORKDIR /work
ENTRYPOINT ["attio-ctl"]
CMD ["--help"]
