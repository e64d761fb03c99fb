# syntax=docker/dockerfile:1
# One image a service, and `hub` with all of them and a PostgreSQL:
#   docker build --target catalog --build-arg COMMIT=$(git rev-parse --short=12 HEAD) -t registry.example.com/echange/catalog:0.1.0 .
# `make images` builds them all; what was compiled for one is there for the others.
ARG RUST=1.95
ARG DEBIAN=bookworm

# The workspace without its code: the same as long as no manifest changes, whatever else does
FROM debian:${DEBIAN}-slim AS skeleton
COPY . /whole
RUN /whole/scripts/skeleton /whole /skeleton && cp /whole/Cargo.lock /skeleton/

FROM rust:${RUST}-slim-${DEBIAN} AS build
RUN apt-get update && apt-get install -qy --no-install-recommends gcc libc6-dev make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Dependencies first, in a layer of their own
COPY --from=skeleton /skeleton ./
RUN cargo build --locked --profile dist --bin hub --bin gateway --bin catalog --bin partners --bin crm --bin stock --bin sync --bin console --bin bridge
COPY . .
ARG COMMIT=unknown
ENV COMMIT=${COMMIT}
# cargo looks at times, and the skeleton's are newer than what was checked out
RUN find crates services -name '*.rs' -exec touch {} + && \
    cargo build --locked --profile dist --bin hub --bin gateway --bin catalog --bin partners --bin crm --bin stock --bin sync --bin console --bin bridge && \
    mkdir /out && cd target/dist && mv hub gateway catalog partners crm stock sync console bridge /out/

# libc, certificates and a user without rights, no shell
FROM gcr.io/distroless/cc-debian12:nonroot AS service
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="Echange" org.opencontainers.image.revision=${COMMIT} org.opencontainers.image.licenses="MIT OR Apache-2.0"
ENV HOST=0.0.0.0 PORT=8080 METRICS_ADDRESS=0.0.0.0:9464 DEMO=false PATH=/usr/local/bin
EXPOSE 8080 9464

FROM service AS gateway
COPY --from=build /out/gateway /usr/local/bin/
ENTRYPOINT ["gateway"]

FROM service AS catalog
COPY --from=build /out/catalog /usr/local/bin/
ENTRYPOINT ["catalog"]

FROM service AS partners
COPY --from=build /out/partners /usr/local/bin/
ENTRYPOINT ["partners"]

FROM service AS crm
COPY --from=build /out/crm /usr/local/bin/
ENTRYPOINT ["crm"]

FROM service AS stock
COPY --from=build /out/stock /usr/local/bin/
ENTRYPOINT ["stock"]

FROM service AS sync
COPY --from=build /out/sync /usr/local/bin/
ENTRYPOINT ["sync"]

FROM service AS console
COPY --from=build /out/console /usr/local/bin/
ENTRYPOINT ["console"]

FROM service AS bridge
COPY --from=build /out/bridge /usr/local/bin/
ENTRYPOINT ["bridge"]

# Everything on one machine, its data in /data; ADMIN_PASSWORD, INSTALLATION, LOAN_FILE_KEYS, PLATFORM_KEYS and HASH_KEYS must be given
FROM debian:${DEBIAN}-slim AS hub
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="Echange" org.opencontainers.image.revision=${COMMIT} org.opencontainers.image.licenses="MIT OR Apache-2.0"
RUN apt-get update && apt-get install -qy --no-install-recommends ca-certificates postgresql-15 && \
    rm -rf /var/lib/apt/lists/* /var/lib/postgresql && \
    useradd --uid 65532 --user-group --no-create-home --home-dir /data nonroot && install -d -o nonroot -g nonroot -m 700 /data
COPY --from=build /out/hub /usr/local/bin/
USER 65532:65532
ENV HOST=0.0.0.0 PORT=8069 METRICS_ADDRESS=0.0.0.0:9464 DEMO=false DATA_DIR=/data
VOLUME /data
EXPOSE 8069 9464
ENTRYPOINT ["hub"]
