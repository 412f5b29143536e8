"""The browser side: the bridge to pages, the page itself, and what it needs from the show."""
