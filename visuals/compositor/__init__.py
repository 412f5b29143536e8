"""From pictures to the frame that is shown."""
