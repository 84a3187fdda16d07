# fusionclip on a GPU: docker build -f docker/gpu.Dockerfile -t fusionclip . (in a folder with the packed tarball)
# docker run --gpus device=0 -v /plans:/plans -v /data:/data fusionclip work /plans/scans
FROM node:22-bookworm-slim
# The Vulkan loader; NVIDIA's driver comes from the host through its container toolkit, Mesa's serves AMD and Intel.
RUN apt-get update && apt-get install -y --no-install-recommends libvulkan1 mesa-vulkan-drivers libx11-6 libxext6 libegl1 \
    && rm -rf /var/lib/apt/lists/*
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility
COPY fusionclip-*.tgz /tmp/
RUN npm install --global /tmp/fusionclip-*.tgz deno webgpu && rm /tmp/fusionclip-*.tgz
ENTRYPOINT ["fusionclip"]
