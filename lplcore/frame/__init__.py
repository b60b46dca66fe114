"""What a plug-in of a method sees: inputs, outputs, class statistics, labels."""
