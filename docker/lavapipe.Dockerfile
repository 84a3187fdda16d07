# fusionclip without a GPU, on Mesa's software driver: docker build -f docker/lavapipe.Dockerfile -t fusionclip:cpu .
FROM node:22-bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libvulkan1 mesa-vulkan-drivers \
    && rm -rf /var/lib/apt/lists/*
ENV FUSIONCLIP_DRIVER=lavapipe
COPY fusionclip-*.tgz /tmp/
RUN npm install --global /tmp/fusionclip-*.tgz deno webgpu && rm /tmp/fusionclip-*.tgz
ENTRYPOINT ["fusionclip"]
