"""A diffusion transformer on spacetime patches, in a world of which everything is known."""
