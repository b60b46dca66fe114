"""Receiving a data set: the form, and archives of which nothing is taken on trust."""
