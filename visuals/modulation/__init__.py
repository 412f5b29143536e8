"""What moves by itself and with the music."""
