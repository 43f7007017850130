"""A diffusion transformer on spacetime patches, trained on videos of any size, length and shape as they are."""
