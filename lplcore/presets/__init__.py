"""Presets: complete named experiments (`lplcore.frame.preset`)."""
