"use strict";
(() => {
  const data = JSON.parse(document.getElementById("sheet-data").textContent);
  const panels = document.getElementById("panels");
  const sliders = ["channel", "time"].map((name) => document.getElementById(name));

  function figure(picture, label) {
    const element = document.createElement("figure");
    let shown;
    if (picture.src) {
      shown = document.createElement("img");
      shown.src = picture.src;
      shown.alt = label || "picture";
    } else {
      shown = document.createElement("div");
      shown.className = "none";
      shown.textContent = picture.why;
    }
    element.append(shown);
    if (label) {
      const caption = document.createElement("figcaption");
      caption.textContent = label;
      element.append(caption);
    }
    return element;
  }

  function draw() {
    const [channel, time] = sliders.map((slider) => (slider ? Number(slider.value) : 0));
    const pictures = data.pictures[channel][time];
    panels.replaceChildren(...pictures.map((picture, i) => figure(picture, data.places[i])));
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
