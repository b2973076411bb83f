# Floor and API: one image, two commands (plateau floor, plateau api).
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements/runtime.txt requirements/
RUN python -m venv /opt/plateau \
 && /opt/plateau/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY . .
RUN /opt/plateau/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim-bookworm
# espeak-ng and sox speak the prompts of flows.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends espeak-ng sox \
 && rm -rf /var/lib/apt/lists/*
# The number of Asterisk's user in its image: they share recordings and prompts.
RUN groupadd --system --gid 1500 plateau \
 && useradd --system --uid 1500 --gid plateau --home-dir /var/lib/plateau plateau \
 && mkdir -p /var/lib/plateau /srv/plateau/spool/recording /srv/plateau/sounds \
 && chown -R plateau:plateau /var/lib/plateau /srv/plateau
COPY --from=build /opt/plateau /opt/plateau
ENV PATH=/opt/plateau/bin:$PATH PYTHONUNBUFFERED=1 PLATEAU_HOME=/var/lib/plateau
USER plateau
WORKDIR /var/lib/plateau
ENTRYPOINT ["plateau"]
