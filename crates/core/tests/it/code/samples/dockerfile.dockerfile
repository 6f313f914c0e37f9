# syntax=docker/dockerfile:1
ARG VERSION=1
FROM rust:${VERSION} AS build
WORKDIR /src
COPY . .
RUN cargo build --release && \
    strip target/release/x
FROM debian:12-slim
ENV HOME=/root LANG=C
COPY --from=build /src/target/release/x /bin/x
EXPOSE 8080/tcp
ENTRYPOINT ["/bin/x"]
