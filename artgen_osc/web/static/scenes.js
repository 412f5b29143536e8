// Scenes: named states of the picture, recalled by a touch and saved under a name.

import { make } from "./show.js";

export function mount(element, show) {
  const list = make("div", { className: "row", aria: { role: "group", label: "scenes" } });
  const name = make("input", { type: "text", placeholder: "name of a new scene", maxLength: 40, aria: { label: "name of a new scene" } });
  const save = make("button", { type: "button", textContent: "save the scene" });
  element.append(list, make("div", { className: "row" }, name, save));
  let present = "", told = null;
  function mark() {
    for (const each of list.children) each.setAttribute("aria-pressed", each.textContent === present);
  }
  show.on("/visuals/status/scenes", (names) => {
    if (names === told) return;
    told = names;
    list.replaceChildren(
      ...names.split(",").filter(Boolean).map((scene) =>
        make("button", { type: "button", textContent: scene, onclick: () => show.send({ "/visuals/scene": scene }) }),
      ),
    );
    mark();
  });
  show.on("/visuals/status/scene", (scene) => {
    present = scene;
    mark();
  });
  save.onclick = () => {
    if (!name.value.trim()) return name.focus();
    show.send({ "/visuals/scene/save": name.value.trim() });
    name.value = "";
  };
}
