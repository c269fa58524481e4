"""The lab: an internet of its own in two network namespaces, for trying mtastsd against real servers."""
