# One image for server, worker and commands. The server does not migrate by itself, so that several may start at once:
# run `vidwiz migrate` in a container of this image first, and `vidwiz seed` for the sample videos.

FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/build.lock requirements/
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements/build.lock
COPY pyproject.toml README.md LICENSE vidwiz.py ./
COPY schema/ schema/
COPY resolvers/ resolvers/
COPY db/ db/
COPY services/ services/
COPY subscriptions/ subscriptions/
RUN pip wheel --no-cache-dir --no-build-isolation --no-deps --wheel-dir dist .

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 DATA_DIR=/data
COPY requirements/runtime.lock /tmp/
RUN pip install --no-cache-dir --require-hashes --no-deps -r /tmp/runtime.lock
COPY --from=build /build/dist/ /tmp/dist/
# The working directory holds no source, so nothing can shadow the installed packages.
RUN pip install --no-cache-dir --no-index --no-deps /tmp/dist/*.whl \
    && rm -r /tmp/dist /tmp/runtime.lock \
    && install -d -o nobody -g nogroup /data
USER nobody
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
CMD ["vidwiz", "serve", "--host", "0.0.0.0"]
