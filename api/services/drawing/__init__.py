"""Figures by matplotlib, which is loaded when the first one is asked for."""
