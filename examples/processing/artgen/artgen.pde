// artgen-osc in Processing. Needs the library oscP5: Sketch > Import Library > Manage Libraries.
// Start: artgen live --input demo --osc processing (that is 127.0.0.1:12000).
// Move the mouse up and down while the button is held: the picture of our renderer travels faster or slower.

import netP5.*;
import oscP5.*;

OscP5 osc;
NetAddress renderer = new NetAddress("127.0.0.1", 9101);

// Written by the network's thread, read by draw().
volatile float valence = 0.5;
volatile float energy = 0.5;
volatile float tempo = 0;
volatile float phase = 1;
volatile int beats = 0;
float turn = 0;

void setup() {
  size(900, 600);
  colorMode(HSB, 360, 1, 1);
  noStroke();
  textSize(16);
  osc = new OscP5(this, 12000);
}

void draw() {
  // Sad is blue and dark, happy is yellow and bright; energy is saturation and size.
  background(240 - 190 * valence, 0.2 + 0.7 * energy, 0.15 + 0.55 * valence);
  float flash = max(0, 1 - 3 * phase);
  turn += TWO_PI * tempo / 60 / 16 / frameRate;
  translate(width / 2, height / 2);
  int petals = 5 + int(12 * energy);
  for (int i = 0; i < petals; i++) {
    float angle = turn + TWO_PI * i / petals;
    float far = 90 + 140 * energy + 40 * flash;
    fill((60 + 180 * valence + 120 * i / petals) % 360, 0.5 + 0.5 * energy, 0.6 + 0.4 * flash, 180);
    circle(far * cos(angle), far * sin(angle), 40 + 60 * energy + 40 * flash);
  }
  fill(0, 0, 1);
  text("valence " + nf(valence, 1, 2) + "  energy " + nf(energy, 1, 2) + "  tempo " + nf(tempo, 1, 0)
    + "  beats " + beats, 20 - width / 2, height / 2 - 20);
}

void oscEvent(OscMessage message) {
  String address = message.addrPattern();
  if (address.equals("/artgen/valence")) valence = message.get(0).floatValue();
  else if (address.equals("/artgen/energy")) energy = message.get(0).floatValue();
  else if (address.equals("/artgen/tempo_bpm")) tempo = message.get(0).floatValue();
  else if (address.equals("/artgen/beat/phase")) phase = message.get(0).floatValue();
  else if (address.equals("/artgen/beat/count")) beats = message.get(0).intValue();
}

void mouseDragged() {
  OscMessage message = new OscMessage("/visuals/speed");
  message.add(map(constrain(mouseY, 0, height), height, 0, 0.0, 8.0));
  osc.send(message, renderer);
}
