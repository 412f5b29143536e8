// Tabs as links: each has an address, Back goes to the one before, and a changed address switches.

const tabs = [...document.querySelectorAll("[role=tab]")];

function choose(tab) {
  for (const each of tabs) {
    const chosen = each === tab;
    each.setAttribute("aria-selected", chosen);
    each.tabIndex = chosen ? 0 : -1;
    document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
  }
}

function chooseByAddress() {
  choose(tabs.find((tab) => tab.hash === location.hash) ?? tabs[0]);
}

/** The panel that is seen. */
export const chosenPanel = () => tabs.find((tab) => tab.getAttribute("aria-selected") === "true").getAttribute("aria-controls");

function open(tab) {
  if (tab.hash !== (location.hash || tabs[0].hash)) history.pushState(null, "", tab.hash);
  choose(tab);
}

export function start() {
  for (const [at, tab] of tabs.entries()) {
    tab.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a window of its own
      event.preventDefault(); // or the browser would scroll to the panel
      open(tab);
    });
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1, " ": at }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = tabs[(to + tabs.length) % tabs.length];
      next.focus();
      open(next);
    });
  }
  addEventListener("hashchange", chooseByAddress);
  chooseByAddress();
}
