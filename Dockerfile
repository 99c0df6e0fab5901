# vpcdns as an image: docker build -t vpcdns .
#
# It runs as a numeric user without any right, on a file system that may be read-only, and calls no shell.  Mount the
# configuration at /etc/vpcdns/vpcdns.yaml.  Docker lets any user have port 53 in a container; podman wants to be told to,
# with --sysctl net.ipv4.ip_unprivileged_port_start=53.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ARG PIP_OPTIONS=
COPY . /source
WORKDIR /source
RUN python3 -m venv /vpcdns \
 && /vpcdns/bin/pip --disable-pip-version-check install --no-cache-dir ${PIP_OPTIONS} -r requirements.txt . \
 && /vpcdns/bin/pip uninstall --yes pip \
 && /vpcdns/bin/python -m compileall -q /vpcdns

FROM ${BASE}
LABEL org.opencontainers.image.title="vpcdns" \
      org.opencontainers.image.description="The VPC's DNS resolver on your laptop" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /vpcdns /vpcdns
ENV PATH=/vpcdns/bin:$PATH VPCDNS_CONFIG=/etc/vpcdns/vpcdns.yaml PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 53/udp 53/tcp
HEALTHCHECK --interval=5s --timeout=10s --start-period=60s CMD ["/vpcdns/bin/vpcdns", "healthcheck", "--server", "127.0.0.1:53"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["vpcdns"]
CMD ["serve", "--listen", "0.0.0.0:53"]
