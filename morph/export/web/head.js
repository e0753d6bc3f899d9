// What the page shows: the scene, where the track puts the head, and what the head wears.
"use strict";

// What the page holds: gzip in base64.
async function unpack(id) {
  const element = document.getElementById(id);
  const packed = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  element.remove();
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

async function loadGltf(id) {
  return new THREE.GLTFLoader().parseAsync(await unpack(id), "");
}

// Soft light from all around, a warm key that casts shadows, a cool fill, and rims from behind.
function openScene(canvas, target, radius) {
  const renderer = new THREE.WebGLRenderer({ canvas, antialias: true, alpha: true });
  renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
  renderer.toneMapping = THREE.NeutralToneMapping;
  renderer.toneMappingExposure = 1.25;
  renderer.shadowMap.enabled = true;
  renderer.shadowMap.type = THREE.PCFShadowMap;
  const scene = new THREE.Scene();
  scene.add(new THREE.HemisphereLight(0xeef1f6, 0x8a7468, 1.15));
  const lamp = (colour, strength, ...place) => {
    const light = new THREE.DirectionalLight(colour, strength);
    light.position.set(...place).multiplyScalar(radius * 4).add(target);
    light.target.position.copy(target);
    scene.add(light, light.target);
    return light;
  };
  const key = lamp(0xfff1e2, 2.0, -0.5, 0.55, 0.85);
  lamp(0xdfe9ff, 0.45, 0.9, 0.15, 0.5);
  lamp(0xe8f0ff, 1.6, 0.7, 0.6, -0.8);
  lamp(0xe8f0ff, 0.7, -0.9, 0.3, -0.7);
  key.castShadow = true;
  key.shadow.mapSize.set(2048, 2048);
  key.shadow.radius = 3;
  key.shadow.normalBias = 0.0015;
  const reach = radius * 1.7;
  Object.assign(key.shadow.camera, { left: -reach, right: reach, top: reach, bottom: -reach, near: 0.01, far: radius * 10 });
  return { renderer, scene };
}

// Where the track puts the head and its weights at a time; one pose where nothing moves.
function openTrack(gltf, mesh) {
  const still = [mesh.quaternion.toArray(), mesh.position.toArray(), (mesh.morphTargetInfluences || []).slice()];
  const tracks = gltf.animations.length ? gltf.animations[0].tracks : [];
  const channel = (property, otherwise) => {
    const track = tracks.find(({ name }) => name.endsWith("." + property));
    const curve = track && track.createInterpolant();
    return { track, at: (time) => (curve ? curve.evaluate(time) : otherwise) };
  };
  const [turn, place, weights] = [["quaternion", still[0]], ["position", still[1]], ["morphTargetInfluences", still[2]]]
    .map(([property, otherwise]) => channel(property, otherwise));
  const times = turn.track ? turn.track.times : [0];
  const middle = new THREE.Vector3();
  const places = place.track ? place.track.values : still[1];
  for (let i = 0; i < places.length; i += 3) middle.add(new THREE.Vector3().fromArray(places, i));
  middle.divideScalar(places.length / 3);
  return { turn, place, weights, middle, first: times[0], last: times[times.length - 1] };
}

// A prop moves with its head and, where it follows the skin, by a matrix for each expression.
function wear(gltf, mesh, allMatrices) {
  const group = new THREE.Group();
  allMatrices.forEach((matrices, index) => {
    const item = prepare(gltf.scene.getObjectByName("item" + index));
    item.matrixAutoUpdate = false;
    group.add(item);
    item.userData.matrices = matrices;
  });
  placeProp(group, null);
  group.userData.top = new THREE.Box3().setFromObject(group).max.y;
  mesh.add(group);
  return group;
}

// The head's texture with the prop's paint on it.
async function painted(map, pngs) {
  const layers = await Promise.all(pngs.map(async (png) => {
    const picture = new Image();
    picture.src = "data:image/png;base64," + png;
    await picture.decode();
    return picture;
  }));
  if (!layers.length || !map) return map;
  const size = Math.min(Math.max(map.image.width, ...layers.map(({ width }) => width)), 4096);
  const sheet = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const brush = sheet.getContext("2d");
  for (const layer of [map.image, ...layers]) brush.drawImage(layer, 0, 0, size, size);
  const copy = map.clone();
  copy.source = new THREE.TextureSource(sheet);
  copy.needsUpdate = true;
  return copy;
}

function placeProp(group, weights) {
  for (const item of group.children) {
    const [rest, ...moves] = item.userData.matrices;
    const sum = rest.slice();
    if (weights) moves.forEach((move, k) => { for (let i = 0; move && i < 12; i++) sum[i] += weights[k] * move[i]; });
    item.matrix.set(...sum, 0, 0, 0, 1);
    item.matrixWorldNeedsUpdate = true;
  }
}

// Shadows, and textures sharp at a slant.
function prepare(object, sharpness) {
  object.traverse((part) => {
    if (!part.isMesh) return;
    part.frustumCulled = false;
    part.castShadow = !part.material.transparent;
    part.receiveShadow = true;
    if (part.material.map) part.material.map.anisotropy = sharpness;
  });
  return object;
}
