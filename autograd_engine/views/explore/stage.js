// What both pages have round their picture: buttons, keys, the theme, the address.

const THEMES = ["auto", "light", "dark", "projector"];
const at = (id) => document.getElementById(id);
const theme = () => document.documentElement.dataset.theme ?? "auto";
const narrow = () => matchMedia("(max-width: 52rem)").matches;
// How large letters are, compared with what is usual.
const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;

// `page` says where it stands and moves from there: `place()`, from 0 to `last`; `go(place)`;
// `move(by)`; `every`, the milliseconds between two steps played. `step()` is the step that the
// address keeps, null for none, and `seek(step)` leads there. `picture()` is the one on show,
// `show()` brings everything up to date, `select(i)` a value; `dressed()` follows a new theme.
// `keys` are its own, and `takes(event)` is whether a key is for the element that has the focus.
class Stage {
  constructor(page) {
    this.page = page;
    this.playing = 0;
    const press = {
      first: () => page.go(0),
      back: () => page.move(-1),
      play: () => this.play(),
      next: () => page.move(1),
      last: () => page.go(page.last),
      unfold: () => this.unfold(),
      smaller: () => page.picture().resize(0.8),
      fit: () => page.picture().fit(),
      larger: () => page.picture().resize(1.25),
      help: () => at("shortcuts").showModal(),
    };
    for (const [id, act] of Object.entries(press)) at(id).addEventListener("click", act);
    this.keys = {
      Home: press.first, ArrowLeft: press.back, " ": press.play, ArrowRight: press.next, End: press.last,
      "-": press.smaller, f: press.fit, "+": press.larger, "=": press.larger, "?": press.help,
      t: () => this.choose(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]),
      Escape: () => page.select(null),
      ...page.keys,
    };
    at("scrub").addEventListener("input", (event) => page.go(Number(event.target.value)));
    at("theme").addEventListener("change", (event) => this.choose(event.target.value));
    at("canvas").addEventListener("pointerdown", drag);
    addEventListener("hashchange", () => this.recall());
    let width = innerWidth, height = innerHeight;
    addEventListener("resize", () => { // a phone's address bar comes and goes: that is no reason
      if (width === innerWidth && Math.abs(height - innerHeight) < 150) return;
      [width, height] = [innerWidth, innerHeight]; // a notebook's frame may get its height late
      this.settle();
    });
    addEventListener("keydown", (event) => this.type(event));
    for (const link of document.querySelectorAll(".skip")) link.addEventListener("click", skip);
  }

  // `said` is where we are, for those who do not see the slider; `ended`: nothing comes after.
  show({ said, counted, ended }) {
    const { page, playing } = this;
    const place = page.place(), picture = page.picture();
    at("scrub").max = page.last;
    at("scrub").value = place;
    at("scrub").setAttribute("aria-valuetext", said);
    put(at("counter"), counted);
    at("first").disabled = at("back").disabled = place === 0;
    at("next").disabled = at("last").disabled = ended;
    at("play").classList.toggle("running", Boolean(playing));
    put(at("play").querySelector("span"), playing ? say`Pause` : say`Play`);
    at("play").setAttribute("aria-label", playing ? say`Pause` : say`Play`);
    at("unfold").hidden = !picture.foldable;
    put(at("unfold"), picture.shut ? say`Open all` : say`Close all`);
    document.body.classList.toggle("has-folds", picture.foldable);
  }

  // The picture as it lies best in this window, folded as somebody left it.
  settle() {
    const picture = this.page.picture();
    if (!picture.kept) picture.arrange();
    this.page.show();
    picture.fit();
  }

  play() {
    if (this.playing) return this.pause();
    const { page } = this;
    if (page.place() === page.last) page.go(0);
    const stride = Math.ceil(page.last / 600);
    this.playing = setInterval(() => {
      page.go(page.place() + stride);
      if (page.place() === page.last) this.pause();
    }, page.every);
    return page.show();
  }

  pause() {
    clearInterval(this.playing);
    this.playing = 0;
    this.page.show();
  }

  // The address keeps the step, the theme and the leaves' numbers: a link leads to all of them.
  remember() {
    const step = this.page.step(), kept = new URLSearchParams();
    if (step !== null) kept.set("step", step);
    if (theme() !== "auto") kept.set("theme", theme());
    for (const [name, text] of this.page.numbers?.() ?? []) kept.set(`leaf.${name}`, text);
    try {
      history.replaceState(null, "", `#${kept}`);
    } catch { /* inside a notebook there is no address */ }
  }

  // What the address says and the page does not have is passed over.
  recall() {
    const wanted = new URLSearchParams(location.hash.slice(1)), step = wanted.get("step");
    if (THEMES.includes(wanted.get("theme"))) this.dress(wanted.get("theme"));
    this.page.restore?.(new Map([...wanted].filter(([key]) => key.startsWith("leaf.")).map(([key, text]) => [key.slice(5), text])));
    if (step !== null && /^\d+$/.test(step)) this.page.seek(Number(step));
  }

  dress(name) {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    at("theme").value = name;
    this.page.dressed();
  }

  choose(name) {
    this.dress(name);
    this.remember();
  }

  fold(g) {
    const picture = this.page.picture();
    const focused = picture.canvas.contains(document.activeElement);
    if (!picture.open.delete(g)) picture.open.add(g);
    picture.kept = true;
    picture.build();
    this.page.show();
    const { element } = picture.stops.find((s) => s.key === `g${g}`);
    if (focused) element.focus({ preventScroll: true });
    picture.follow([element]);
  }

  unfold() {
    const picture = this.page.picture();
    picture.open = new Set(picture.shut ? picture.groups.keys() : [0]);
    picture.kept = true;
    picture.settle();
    picture.build();
    this.page.show();
    picture.fit(picture.readable);
  }

  type(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || at("shortcuts").open) return;
    const { key, target } = event;
    if (this.page.takes(event) || (key.startsWith("Arrow") && target.matches(".scroll"))) return;
    const walk = { ArrowUp: -1, ArrowDown: 1 }[key];
    const inGraph = at("canvas").contains(target) && target !== at("canvas");
    if (inGraph && walk) this.page.picture().walk(walk);
    else if (this.keys[key]) this.keys[key]();
    else return;
    event.preventDefault();
  }
}

// The picture is dragged by its background.
function drag(event) {
  if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("[role=button]")) return;
  const canvas = at("canvas");
  const from = [event.clientX + canvas.scrollLeft, event.clientY + canvas.scrollTop];
  const pull = (e) => { canvas.scrollLeft = from[0] - e.clientX; canvas.scrollTop = from[1] - e.clientY; };
  canvas.classList.add("dragged");
  addEventListener("pointermove", pull);
  addEventListener("pointerup", () => {
    removeEventListener("pointermove", pull);
    canvas.classList.remove("dragged");
  }, { once: true });
}

function skip(event) {
  event.preventDefault();
  const target = at(event.currentTarget.getAttribute("href").slice(1));
  (target.querySelector("[tabindex='0'], input") ?? target).focus();
}
