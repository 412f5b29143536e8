"""The show of a song as a film, offline: every frame at its moment, however long it takes."""
