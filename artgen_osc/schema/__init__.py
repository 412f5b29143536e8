"""The OSC contract: the values that flow, a row for each address, and the table in the README."""
