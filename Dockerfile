# docker build -t morph . && docker run --rm -v "$PWD:/data" morph demo --out /data/demo
FROM python:3.12-slim
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY morph morph
COPY viewer viewer
RUN pip install --no-cache-dir . && rm -rf /src
WORKDIR /data
ENTRYPOINT ["morph"]
CMD ["demo", "--out", "/data/demo"]
