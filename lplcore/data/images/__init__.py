"""Folders of images with a list of labels."""
