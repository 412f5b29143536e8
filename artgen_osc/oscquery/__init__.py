"""The address table over HTTP and WebSocket, as OSCQuery has it."""
