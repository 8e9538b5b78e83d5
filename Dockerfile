# The command in a container; it needs neither torch nor the network.
#
#     docker build -t torchload-lint .
#     docker run --rm -v "$PWD:/work:ro" torchload-lint .
#     docker run --rm -v "$PWD:/work" --user "$(id -u):$(id -g)" torchload-lint --fix .

FROM python:3.13-slim AS build
WORKDIR /torchload-lint
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.13-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels torchload-lint
# What is checked is a stranger's: nobody's account, and no bytes written beside it.
USER 65534:65534
WORKDIR /work
ENV PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT ["torchload-lint"]
CMD ["."]
