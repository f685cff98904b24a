"""What the diffusion methods share: the reverse process, and the spaces it runs in."""
