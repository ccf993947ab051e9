"""What is done to files before they go into an image. Runs on the machine that builds, never in the image."""
