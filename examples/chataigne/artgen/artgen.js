// The script of the module: messages become values, commands become messages.

var beats = -1;
var onsets = -1;

function oscEvent(address, args) {
  if (address == "/artgen/valence") local.values.valence.set(args[0]);
  else if (address == "/artgen/energy") local.values.energy.set(args[0]);
  else if (address == "/artgen/tempo_bpm") local.values.tempo.set(args[0]);
  else if (address == "/artgen/beat/phase") local.values.beatPhase.set(args[0]);
  else if (address == "/artgen/bar/phase") local.values.barPhase.set(args[0]);
  else if (address == "/artgen/level") local.values.level.set(args[0]);
  else if (address == "/artgen/key") local.values.key.set(args[0]);
  // The counters, not the pulses: a lost datagram loses nothing.
  else if (address == "/artgen/beat/count" && args[0] != beats) {
    beats = args[0];
    local.values.beats.set(beats);
    local.values.beat.trigger();
  } else if (address == "/artgen/onset/count" && args[0] != onsets) {
    onsets = args[0];
    local.values.onset.trigger();
  }
}

function speed(pictures) {
  local.send("/visuals/speed", pictures);
}

function nextPicture() {
  local.send("/visuals/seed/next", 1);
}

function seed(number) {
  local.send("/visuals/seed", number);
}

function blackout(on) {
  local.send("/visuals/blackout", on ? 1 : 0);
}

function freeze(on) {
  local.send("/visuals/freeze", on ? 1 : 0);
}
