# The example app, for compose.yaml. An app of your own installs the released package, which brings the client along.

FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements requirements
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements/demo.txt -r requirements/node.txt
COPY . .
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.12-slim
WORKDIR /srv
COPY requirements/demo.txt .
RUN pip install --no-cache-dir --no-deps --require-hashes -r demo.txt
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-deps /wheels/*.whl
COPY example_app example_app
USER nobody
EXPOSE 5000
CMD ["python", "-m", "example_app", "--host", "0.0.0.0", "--port", "5000"]
