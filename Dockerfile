# The host and its first-party components. Built once with everything, run with next to nothing.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo xtask guests mapper-matrix router-rules adapter-desk adapter-odoo \
    && cargo build --release --locked --package patchbay-server --bin patchbay

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /var/lib/patchbay --create-home patchbay \
    && install --directory --owner patchbay /etc/patchbay /etc/patchbay/components /etc/patchbay/tenants
COPY --from=build /src/target/release/patchbay /usr/local/bin/patchbay
COPY --from=build --chown=patchbay /src/target/guests/ /etc/patchbay/components/
USER patchbay
ENV PATCHBAY_CONFIG=/etc/patchbay
# Homeservers call the first; the second is the operator's alone.
EXPOSE 9108 9109
ENTRYPOINT ["patchbay"]
CMD ["serve"]
