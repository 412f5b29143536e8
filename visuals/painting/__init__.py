"""From a place in latent space to a picture."""
