"""The base of every web server of ours: sockets, guard, files, WebSockets."""
