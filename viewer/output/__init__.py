"""Pictures, clips and layers that are written."""
