"""1€ filters, optical flow and offline smoothing of tracked faces."""
