"use strict";
(() => {
  const data = JSON.parse(document.getElementById("sheet-data").textContent);
  const panels = document.getElementById("panels");
  const sliders = ["channel", "time"].map((name) => document.getElementById(name));

  function add(parent, tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    parent.append(element);
    return element;
  }

  function figure(picture, label, partial) {
    const element = document.createElement("figure");
    const board = data.board;
    const notes = [picture.why || picture.note, partial && "some files are missing"];
    const about = notes.filter(Boolean).join(", ");
    if (picture.src) {
      const image = add(element, "img");
      image.src = picture.src;
      image.alt = label || "picture";
    } else {
      add(element, "div", `none${picture.why === "cannot be read" ? " bad" : ""}`, picture.why);
    }
    if (board) {
      element.title = about ? `${label}: ${about}` : label;
      if (partial) element.className = "partial";
    }
    const text = [label, picture.note].filter(Boolean).join(": ");
    if (text && !board) add(element, "figcaption", "", text);
    return element;
  }

  function drawBoard(pictures) {
    const { rows, columns, positions, partial } = data.board;
    const at = new Map(positions.map((position, i) => [position, i]));
    const children = document.createDocumentFragment();
    add(children, "span");
    for (const column of columns) add(children, "span", "head", column);
    rows.forEach((row, r) => {
      add(children, "span", "head", row);
      columns.forEach((_, c) => {
        const i = at.get(r * columns.length + c);
        if (i === undefined) add(children, "div", "unused");
        else children.append(figure(pictures[i], data.places[i], partial[i]));
      });
    });
    panels.replaceChildren(children);
    const flat = pictures.map((picture, i) => picture.note && `${data.places[i]}: ${picture.note}`);
    document.getElementById("notes").textContent = flat.filter(Boolean).join(", ");
  }

  function draw() {
    const [channel, time] = sliders.map((slider) => (slider ? Number(slider.value) : 0));
    const pictures = data.pictures[channel][time];
    if (data.board) drawBoard(pictures);
    else panels.replaceChildren(...pictures.map((picture, i) => figure(picture, data.places[i])));
    for (const [slider, labels] of [[sliders[0], data.channels], [sliders[1], data.times]]) {
      if (slider) {
        const label = labels[Number(slider.value)];
        slider.setAttribute("aria-valuetext", label);
        document.getElementById(`${slider.id}-label`).textContent = label;
      }
    }
  }

  for (const slider of sliders) {
    if (slider) slider.addEventListener("input", draw);
  }
  panels.style.setProperty("--aspect", data.aspect);
  if (data.board) {
    const count = data.board.columns.length;
    const least = data.board.is_plate ? Math.max(12, 270 / count) : 60;
    panels.style.gap = count > 12 ? "1px" : "3px";
    panels.className = `board${data.board.is_plate ? " plate" : ""}`;
    panels.style.gridTemplateColumns = `max-content repeat(${count}, minmax(${least}px, 1fr))`;
    panels.style.maxWidth = `${Math.min(1180, 300 * count)}px`;
  }
  draw();

  const copy = document.getElementById("copy");
  copy.addEventListener("click", async () => {
    const code = document.getElementById("code").textContent;
    try {
      await navigator.clipboard.writeText(code);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(document.getElementById("code"));
      copy.textContent = "Selected: press Ctrl+C";
    }
  });
})();
