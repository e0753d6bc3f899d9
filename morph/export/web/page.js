// Plays a head that morph tracked. Its weights come from the track until a slider holds them.
"use strict";
(async () => {
  const $ = (id) => document.getElementById(id);
  const page = JSON.parse($("page-data").textContent);
  const canvas = $("view");
  const GROUPS = [["eye", "Eyes"], ["brow", "Brows"], ["jaw", "Jaw"], ["mouth", "Mouth"], ["cheek", "Cheeks"], ["nose", "Nose"],
    ["tongue", "Tongue"], ["", "Other"]];

  function addSliders(names) {
    const sections = GROUPS.map(([prefix, title]) => ({ prefix, title, rows: [] }));
    const rows = names.map((name, index) => {
      const row = document.createElement("div");
      row.className = "weight";
      row.innerHTML = '<label></label><input type="range" min="0" max="1" step="0.01" value="0"><output></output>'
        + '<button type="button" title="Follow the track again" aria-label="Follow the track again"></button>';
      const [label, input, output, release] = row.children;
      input.id = "weight-" + name;
      label.htmlFor = output.htmlFor = input.id;
      label.textContent = label.title = name;
      input.addEventListener("input", () => hold(index, Number(input.value)));
      release.addEventListener("click", () => hold(index, null));
      sections.find(({ prefix }) => name.startsWith(prefix)).rows.push(row);
      return { row, input, output };
    });
    for (const { title, rows: section } of sections.filter(({ rows: section }) => section.length)) {
      const heading = document.createElement("h2");
      heading.textContent = title;
      $("sliders").append(heading, ...section);
    }
    return rows;
  }

  function putOn() {
    prop.visible = $("wear").checked;
    mesh.material.map = prop.visible ? paint : bare;
    stale = true;
  }

  // A weight by hand, or null: the track's again.
  function hold(index, value) {
    if (value === null) held.delete(index);
    else held.set(index, value);
    show(now);
  }

  function show(time) {
    now = Math.min(Math.max(time, track.first), track.last);
    const followed = track.weights.at(now);
    for (let k = 0; k < weights.length; k++) weights[k] = held.has(k) ? held.get(k) : followed[k];
    for (let k = 0; k < weights.length; k++) mesh.morphTargetInfluences[k] = weights[k];
    mesh.position.fromArray(track.place.at(now));
    mesh.quaternion.fromArray(track.turn.at(now));
    stage.position.copy($("travel").checked ? track.middle : mesh.position).negate();
    if (!$("turn").checked) mesh.quaternion.identity();
    if (prop) placeProp(prop, weights);
    stale = true;
  }

  function writeNumbers() {
    sliders.forEach(({ row, input, output }, k) => {
      row.classList.toggle("held", held.has(k));
      input.value = weights[k];
      const text = weights[k].toFixed(2);
      output.textContent = text === "-0.00" ? "0.00" : text;
    });
    $("scrub").value = now;
    $("clock").textContent = now.toFixed(2) + " / " + track.last.toFixed(2) + " s";
  }

  function play(on) {
    playing = on && track.last > track.first;
    $("play").innerHTML = playing ? "&#10074;&#10074;" : "&#9654;";
    $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
    stale = true;
  }

  // The eye goes as near as lets the whole head in, whatever the shape of the window.
  function frame() {
    orbit.enableDamping = false; // what is left of a swing ends here
    orbit.update();
    orbit.enableDamping = true;
    const slope = Math.tan((camera.fov * Math.PI) / 360);
    const distance = Math.max((1.05 * (top - bottom)) / 2 / slope, page.width / (slope * camera.aspect)) + page.radius;
    target.y = (top + bottom) / 2;
    camera.position.copy(target).add(new THREE.Vector3(0, 0, distance));
    orbit.target.copy(target);
    orbit.minDistance = page.radius * 1.2;
    orbit.maxDistance = distance * 3;
    orbit.update();
    stale = true;
  }

  function resize() {
    const box = canvas.parentElement.getBoundingClientRect();
    const height = box.height - $("transport").getBoundingClientRect().height;
    renderer.setSize(box.width, height, false);
    camera.aspect = box.width / Math.max(height, 1);
    camera.updateProjectionMatrix();
    if (!moved) frame();
    draw();
  }

  function draw() {
    renderer.render(scene, camera);
    stale = false;
  }

  function tick(stamp) {
    requestAnimationFrame(tick);
    orbit.update();
    if (playing) {
      const next = now + Math.min((stamp - before) / 1000, 0.25);
      show(next > track.last ? track.first : next);
    }
    before = stamp;
    if (!stale) return;
    draw();
    if (!playing || stamp - written > 66) {
      writeNumbers();
      written = stamp;
    }
  }

  const target = new THREE.Vector3().fromArray(page.target);
  const { renderer, scene } = openScene(canvas, target, page.radius);
  const camera = new THREE.PerspectiveCamera(26, 1, page.radius / 20, page.radius * 100);
  const orbit = new THREE.OrbitControls(camera, canvas);
  const gltf = await loadGltf("head-data");
  const mesh = prepare(gltf.scene, renderer.capabilities.getMaxAnisotropy()).getObjectByProperty("isMesh", true);
  const track = openTrack(gltf, mesh);
  const prop = page.prop ? wear(page.prop.matrices.length ? await loadGltf("prop-data") : null, mesh, page.prop.matrices) : null;
  const bare = mesh.material.map;
  const paint = page.prop ? await painted(bare, page.prop.paint) : bare;
  const stage = new THREE.Group().add(gltf.scene);
  const weights = new Float32Array((mesh.morphTargetInfluences || []).length);
  const held = new Map();
  const sliders = addSliders(page.names);
  const bottom = page.target[1] - page.height;
  const top = Math.max(page.target[1] + page.height, prop ? prop.userData.top : -Infinity);
  let [now, before, written, playing, stale, moved] = [track.first, 0, 0, false, true, false];

  scene.add(stage);
  orbit.addEventListener("change", () => { stale = true; });
  orbit.addEventListener("start", () => { moved = true; });
  $("transport").hidden = track.last <= track.first;
  Object.assign($("scrub"), { min: track.first, max: track.last });
  $("scrub").addEventListener("input", () => { play(false); show(Number($("scrub").value)); });
  $("play").addEventListener("click", () => play(!playing));
  $("follow").addEventListener("click", () => { held.clear(); show(now); });
  $("neutral").addEventListener("click", () => { weights.forEach((_, k) => held.set(k, 0)); show(now); });
  $("reset").addEventListener("click", () => { moved = false; frame(); });
  $("turn").addEventListener("change", () => show(now));
  $("travel").addEventListener("change", () => show(now));
  $("wireframe").addEventListener("change", () => { mesh.material.wireframe = $("wireframe").checked; stale = true; });
  $("wear").addEventListener("change", putOn);
  $("wearing").hidden = !prop;
  $("prop-name").textContent = prop ? page.prop.name : "";
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target.closest("button, input[type=checkbox]")) return;
    event.preventDefault();
    play(!playing);
  });

  // For the console: times in seconds, positions in millimetres where the track has them.
  window.morph = {
    play, show, page, mesh, prop,
    set: (name, value) => hold(page.names.indexOf(name), value),
    draw: () => { scene.updateMatrixWorld(true); writeNumbers(); draw(); },
    vertices() {
      const point = new THREE.Vector3();
      const out = new Float32Array(mesh.geometry.attributes.position.count * 3);
      mesh.updateMatrix();
      for (let i = 0; i < out.length / 3; i++) {
        mesh.getVertexPosition(i, point).applyMatrix4(mesh.matrix).multiplyScalar(1000).toArray(out, 3 * i);
      }
      return out;
    },
    pixel(index) { // of the window, of a vertex
      scene.updateMatrixWorld(true);
      camera.updateMatrixWorld();
      const point = mesh.localToWorld(mesh.getVertexPosition(index, new THREE.Vector3())).project(camera);
      const box = canvas.getBoundingClientRect();
      return [box.left + (box.width * (point.x + 1)) / 2, box.top + (box.height * (1 - point.y)) / 2];
    },
  };
  if (prop) putOn();
  show(track.first);
  new ResizeObserver(resize).observe(canvas.parentElement);
  resize();
  $("notice").textContent = "";
  play(!window.matchMedia("(prefers-reduced-motion: reduce)").matches);
  requestAnimationFrame(tick);
  document.documentElement.dataset.state = "ready";
})().catch((error) => {
  const webgl = document.createElement("canvas").getContext("webgl2");
  document.getElementById("notice").textContent = webgl ? "The head cannot be shown: " + error.message
    : "This page needs WebGL 2; switch on graphics acceleration or open it in another browser.";
  document.documentElement.dataset.state = "failed";
  throw error;
});
