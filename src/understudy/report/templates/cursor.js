(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const figures = [...document.querySelectorAll(".figure")];
  const at = (rows, second) => rows.filter((row) => row[0] <= second).pop();
  const clock = (second) => {
    const whole = Math.round(second), pad = (n) => String(n).padStart(2, "0");
    return `${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  };
  const latency = (ms) => ms === null ? "none" : ms < 999.5 ? `${+ms.toPrecision(3)}ms` : `${+(ms / 1000).toPrecision(3)}s`;
  const write = (readout, pairs) => readout.replaceChildren(...pairs.map(([name, value]) => {
    const pair = document.createElement("span"), bold = document.createElement("b");
    bold.textContent = value;
    pair.append(`${name} `, bold);
    return pair;
  }));
  const capacity = (name, rows, second) => {
    const row = at(rows, second);
    return row ? [[name, `${row[2]} in service of ${row[1]} desired${row[3] ? `, ${row[3]} pending` : ""}${row[4] ? `, ${row[4]} terminating` : ""}`]] : [];
  };
  const values = (second) => {
    const load = at(data.load, second);
    const pairs = [[new Date((data.start + second) * 1000).toISOString().slice(0, 19).replace("T", " ") + "Z, from start", clock(second)]];
    if (load) pairs.push(["load", `${load[1]}/s${load[2] ? `, ${load[2]}/s failed` : ""}`], ["p50", latency(load[3])], ["p99", latency(load[4])]);
    pairs.push(...capacity("live", data.capacity, second), ...capacity("simulated", data.simulated, second));
    for (const [name, turns] of Object.entries(data.alarms)) pairs.push([name, at(turns, second)[1]]);
    return pairs;
  };
  let current = 0;
  const show = (second) => {
    current = Math.min(Math.max(second, 0), data.duration);
    for (const figure of figures) {
      for (const picture of figure.querySelectorAll(".picture")) {
        const { left, right, duration } = picture.dataset, line = picture.querySelector(".cursor");
        const x = +left + (current / +duration) * (right - left);
        line.setAttribute("x1", x);
        line.setAttribute("x2", x);
        line.setAttribute("visibility", "visible");
      }
      write(figure.querySelector(".readout"), values(current));
    }
  };
  for (const figure of figures) {
    figure.querySelector(".readout").hidden = false;
    figure.addEventListener("pointermove", (event) => {
      const picture = event.target.closest(".picture");
      if (!picture) return;
      const { left, right, duration } = picture.dataset, box = picture.getBoundingClientRect();
      const x = (event.clientX - box.left) * (picture.viewBox.baseVal.width / box.width);
      if (x >= left && x <= right) show(((x - left) / (right - left)) * duration);
    });
    figure.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      show(current + (step * data.duration) / (event.shiftKey ? 16 : 160));
    });
  }
})();
