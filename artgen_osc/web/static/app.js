// Puts the page together: the head, the tabs, and one module for each part.

import { mount as mountControls } from "./controls.js";
import { start as startHead } from "./head.js";
import { Inputs, mountList } from "./inputs.js";
import { mount as mountMeters } from "./meters.js";
import { mount as mountModulation } from "./modulation.js";
import { mount as mountMood } from "./mood.js";
import { mount as mountScenes } from "./scenes.js";
import { Show } from "./show.js";
import { mount as mountSongs } from "./songs.js";
import { mount as mountSound } from "./sound-panel.js";
import { start as startTabs } from "./tabs.js";
import { mount as mountTraining } from "./training.js";
import { mount as mountView } from "./view.js";

const at = (id) => document.getElementById(id);
const show = new Show();

startTabs();
startHead(show);
show.capture = mountSound(at("own-sound"), show);
show.inputs = new Inputs(show);
mountList(at("inputs"), show);
const PARTS = {
  view: mountView,
  mood: mountMood,
  scenes: mountScenes,
  meters: mountMeters,
  training: mountTraining,
  controls: mountControls,
  modulation: mountModulation,
  songs: mountSongs,
};
for (const [id, mount] of Object.entries(PARTS)) mount(at(id), show);
