"""The base of every web server of ours: sockets, access, files, WebSockets."""
