# One image for the API, the workers and the migrations; the command chooses.
FROM python:3.11-slim AS build
# cpu pins the CPU pair of torch and torchvision; cuda takes the newest CUDA build.
ARG TORCH=cpu
# Options for pip, such as an extra index that serves CPU builds of PyTorch.
ARG PIP_OPTIONS=""
ENV PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/lpl
WORKDIR /src
COPY pyproject.toml constraints-cpu.txt README.md ./
# Dependencies first, on empty packages, so that a change of code does not install torch again.
RUN mkdir api worker lplcore store client migrations \
 && for package in api worker lplcore store client migrations; do touch "$package/__init__.py"; done \
 && if [ "$TORCH" = cpu ]; then constraints="-c constraints-cpu.txt"; fi \
 && /opt/lpl/bin/pip install $PIP_OPTIONS $constraints ".[service,client,export]"
COPY api api
COPY worker worker
COPY lplcore lplcore
COPY store store
COPY client client
COPY migrations migrations
RUN rm -rf build *.egg-info && /opt/lpl/bin/pip install --no-deps --force-reinstall . \
 && /opt/lpl/bin/pip uninstall -qy pip \
 && cd /opt/lpl/lib/python3.11/site-packages \
 && rm -rf torch/test torch/include \
 && find torch/bin -type f ! -name torch_shm_manager -delete \
 && find scipy sklearn numpy sympy matplotlib mpl_toolkits fontTools -type d -name tests -prune -exec rm -rf {} +

FROM python:3.11-slim
ARG TORCH=cpu
# Triton compiles its kernels where they run.
RUN if [ "$TORCH" = cuda ]; then \
      apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*; \
    fi
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/lpl lpl \
 && install -d -o lpl -g lpl /var/lib/lpl/data
COPY --from=build /opt/lpl /opt/lpl
ENV PATH=/opt/lpl/bin:$PATH PYTHONUNBUFFERED=1 LPL_DATA_DIR=/var/lib/lpl/data
USER lpl
WORKDIR /var/lib/lpl
VOLUME /var/lib/lpl/data
EXPOSE 8000
ENTRYPOINT ["lpl"]
CMD ["serve"]
