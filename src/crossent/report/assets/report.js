// Draws the charts of a page from the Vega specifications in it. The tables need no script.
(() => {
  "use strict";
  const root = document.documentElement;
  const tip = document.getElementById("tip");
  const specs = JSON.parse(document.getElementById("charts").textContent);
  const colours = ["page", "ink", "muted", "line", "accent", "error", "on_pale", "on_error"];
  const views = {};

  // Charts hold colours, and where numbers turn from black to white, as signals. Values come from the style sheet, light or dark.
  const paint = (view) => {
    const style = getComputedStyle(root);
    for (const name of colours) view.signal(name, style.getPropertyValue(`--${name}`).trim());
    view.signal("flip", Number(style.getPropertyValue("--flip")));
    view.run();
  };
  const repaint = () => Object.values(views).forEach(paint);

  // Labels come from data files, so the tooltip is made of text nodes only.
  const showTip = (handler, event, item, value) => {
    tip.hidden = value === null || value === undefined || value === "";
    if (tip.hidden) return;
    const lines = Object.entries(value).map(([key, text]) => {
      const line = document.createElement("div");
      for (const part of [key, text]) {
        line.appendChild(document.createElement("span")).textContent = String(part);
      }
      return line;
    });
    tip.replaceChildren(...lines);
    const room = { x: root.clientWidth - tip.offsetWidth - 8, y: root.clientHeight - tip.offsetHeight - 8 };
    tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, room.x))}px`;
    tip.style.top = `${Math.max(8, Math.min(event.clientY + 14, room.y))}px`;
  };

  const draw = async (id) => {
    const place = document.getElementById(id);
    place.hidden = false;
    const options = {
      mode: "vega", renderer: "svg", ast: true, actions: false, defaultStyle: false, tooltip: showTip,
    };
    const result = await vegaEmbed(place, specs[id], options);
    views[id] = result.view;
    paint(result.view);
    const table = place.closest("section").querySelector("details");
    if (table) table.open = false;
  };

  const connectSwitch = () => {
    for (const field of document.querySelectorAll(".switch")) {
      field.hidden = false;
      field.addEventListener("change", (event) => {
        views.matrix.signal("show", event.target.value).run();
      });
    }
  };

  // What scrolls can be reached and scrolled by keyboard; what fits is no stop.
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
  }

  // Paper is white: before printing the style sheet gives its light colours.
  const printing = (now) => {
    root.toggleAttribute("data-printing", now);
    repaint();
  };
  window.addEventListener("beforeprint", () => printing(true));
  window.addEventListener("afterprint", () => printing(false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

  Promise.all(Object.keys(specs).map(draw)).then(() => {
    connectSwitch();
    root.dataset.charts = "drawn";
  });
})();
