"""The scoring service: HTTP in front of a bundle's generated module. Wire format in the design's scoring page."""
