# vpcdns as an image: docker build -t vpcdns .
FROM python:3.13-slim AS build
COPY . /source
RUN python -m venv /vpcdns && /vpcdns/bin/pip install --no-cache-dir -r /source/requirements.txt /source

FROM python:3.13-slim
LABEL org.opencontainers.image.title="vpcdns" \
      org.opencontainers.image.description="The VPC's DNS resolver on your laptop" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /vpcdns /vpcdns
ENV PATH=/vpcdns/bin:$PATH VPCDNS_CONFIG=/etc/vpcdns/vpcdns.yaml PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 53/udp 53/tcp
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s CMD ["vpcdns", "healthcheck", "--server", "127.0.0.1:53"]
ENTRYPOINT ["vpcdns"]
CMD ["serve", "--listen", "0.0.0.0:53"]
