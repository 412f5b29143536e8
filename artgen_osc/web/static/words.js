// What things are called on the page: in the words of those who perform.

const MODEL = "A file on the show's computer, or the name of a loaded one";

/** The controls in the order of the page: address, name, and what the name leaves open. */
export const GROUPS = {
  Picture: [
    ["/visuals/seed/next", "Next picture"],
    ["/visuals/freeze", "Freeze", "The picture stands still."],
    ["/visuals/blackout", "Blackout", "The picture fades to black."],
    ["/visuals/snapshot", "Keep the picture", "It goes into the gallery."],
    ["/visuals/speed", "Speed of change"],
    ["/visuals/truncation", "Variety", "Little: pictures near the average, and cleaner. Much: all that the model can paint."],
    ["/visuals/finish", "Finisher", "How much of the small network that makes pictures larger and sharper."],
    ["/visuals/quality", "Quality", "auto: as much as frames keep up with; full: all of it; else what to do without, and all before it."],
    ["/visuals/scene", "Scene", "All sliders of the picture glide to what was saved."],
    ["/visuals/scene/fade", "Time from scene to scene"],
    ["/visuals/scene/fade/beats", "The same in beats", "0, or without a tempo: in seconds."],
    ["/visuals/transition", "Transition from scene to scene", "dissolve, ink, paint, pour, shutter, zoom, or a file in the folder effects; nothing: sliders glide."],
    ["/visuals/scene/save", "Save as a scene", "As the picture is set now, under this name."],
    ["/visuals/scene/delete", "Delete a scene", "Those that came with artgen stay."],
    ["/visuals/seed", "Picture number", "The same number is the same picture, tomorrow too."],
    ["/visuals/path/mark", "Keep as a keyframe", "The picture that is on stage, after those that are kept already."],
    ["/visuals/path/play", "Play the keyframes", "The picture travels from one to the next, round and round."],
    ["/visuals/path/beats", "Beats from keyframe to keyframe", "0: by the seconds below."],
    ["/visuals/path/seconds", "Seconds from keyframe to keyframe"],
    ["/visuals/path/undo", "Remove the last keyframe"],
    ["/visuals/path/clear", "Remove all keyframes"],
    ["/visuals/model", "Model that paints", `${MODEL}; nothing: the installed one; idle: simple forms without a model.`],
    ["/visuals/model/fade", "Time from model to model"],
    ["/visuals/model/load", "Load a model beforehand", "A file on the show's computer; it can then be faded to at once."],
    ["/visuals/model/second", "Second model", `${MODEL}; nothing: none.`],
    ["/visuals/model/mix", "Mix of the two models", "None: the first alone. All: the second alone."],
    ["/visuals/snapshot/every", "Keep a picture every …", "0: none by time."],
    ["/visuals/snapshot/mood", "Keep one when the mood moves", "So far it has to move; 0: none."],
    ["/visuals/fullscreen", "Fill the screen", "The show's own window."],
    ["/visuals/help", "Help over the picture"],
    ["/visuals/help/page", "Page of the help"],
    ["/visuals/quit", "Close the picture's window"],
  ],
  Directions: [
    ["/visuals/direction/1", "Direction 1", "What changes the model's pictures most; each model has its own."],
    ["/visuals/direction/2", "Direction 2"],
    ["/visuals/direction/3", "Direction 3"],
    ["/visuals/direction/4", "Direction 4"],
    ["/visuals/direction/5", "Direction 5"],
    ["/visuals/direction/6", "Direction 6"],
    ["/visuals/direction/7", "Direction 7"],
    ["/visuals/direction/8", "Direction 8"],
  ],
  Mood: [
    ["/visuals/mood/manual", "Lead the picture by hand", "It follows the next two, not the music."],
    ["/visuals/mood/valence", "By hand: from sad to happy"],
    ["/visuals/mood/energy", "By hand: from calm to excited"],
    ["/visuals/smoothing", "How slowly the picture follows"],
    ["/artgen/control/smoothing", "How slowly the mood moves"],
    ["/artgen/control/freeze", "Hold the mood"],
    ["/artgen/control/mood/manual", "Send a mood by hand", "All programs get the next two, not the mood of the music."],
    ["/artgen/control/mood/valence", "Sent: from sad to happy"],
    ["/artgen/control/mood/energy", "Sent: from calm to excited"],
  ],
  Beats: [
    ["/artgen/control/beat/tap", "Tap the beat", "The second tap sets the tempo."],
    ["/artgen/control/beat/octave", "Tempo", "Where it is heard half or twice as fast as it is."],
    ["/artgen/control/beat/lead", "Announce beats early", "For lights or programs that are late."],
    ["/visuals/beat/pulse", "Breathe with the beat"],
    ["/visuals/effect/onset", "Zoom on hits"],
    ["/visuals/beat/surge", "Rush on the first beat of a bar"],
    ["/visuals/beat/next", "Next picture every … beats", "0: never."],
    ["/visuals/beat/cut", "Cut to that picture", "Instead of gliding."],
  ],
  Sound: [
    ["/artgen/control/input", "The show listens to"],
    ["/artgen/control/gain_db", "Louder or softer", "For the analysis; nothing is played louder."],
  ],
  MIDI: [
    ["/visuals/surface/midi/port", "MIDI device", "A part of its name; nothing: none."],
    ["/visuals/surface/midi/channel", "MIDI channel", "0: all."],
    ["/visuals/surface/midi/map", "What moves what", "As cc/1 /visuals/speed, note/36 /visuals/seed/next."],
  ],
  "Where to": [["/artgen/control/target/add", "Programs that get the mood and the beat"]],
};

/** Before the effects' own, which are named by their addresses. */
export const OF_EFFECTS = [["/visuals/order", "Order of the effects", "Names with commas between, as tunnel, bloom; all others follow. Nothing: the usual order."]];

/** Controls that are part of another one here, or make sense to programs only. */
export const NOT_SHOWN = [
  "/artgen/control/target/remove",
  "/artgen/control/subscribe",
  "/artgen/control/unsubscribe",
  "/visuals/subscribe",
  "/visuals/unsubscribe",
  "/visuals/scene/number",
  "/visuals/path/keyframes",
  "/visuals/path/remove",
  "/visuals/modulate/add",
  "/visuals/modulate/remove",
];

/** Names for whole numbers that stand for something else. */
export const CHOICES = {
  "/visuals/help/page": { 0: "the keys", 1: "what drives what" },
  "/artgen/control/beat/octave": { "-1": "half as fast", 0: "as it is heard", 1: "twice as fast" },
};

/** What a control of the picture is called: as on the page, or by its address. */
export function nameOf(path) {
  const [, name] = Object.values(GROUPS).flat().find(([known]) => known === path) ?? [];
  const words = path.replace(/^\/visuals\/(effect\/|layer\/)?/, "").replaceAll("/", " ");
  return name ?? words[0].toUpperCase() + words.slice(1);
}

/** An output, by its name among the addresses. */
export function outputName(name) {
  const [, number] = name.match(/^window(\d*)$/) ?? [];
  return number === undefined ? `Output ${name}` : `Window ${number || 1}`;
}

/** An input for people, whether as it is chosen or as the show tells its name. */
export function inputName(input) {
  const [, kind, rest] = input.match(/^(device|file|url):(.*)$/s) ?? [];
  if (kind === "device") return rest;
  if (kind === "file") return `the file ${rest.split(/[\\/]/).at(-1)}`;
  if (kind === "url") return rest;
  return {
    "": "the usual input of the computer",
    browser: "the sound of a page in a browser",
    demo: "the demo",
    loopback: "what the computer plays",
    nothing: "nothing: its input has gone",
  }[input] ?? input;
}

export function ago(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} seconds`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}
