// What the page says, in English and Spanish: texts.json has the pairs. {0}, {1} are put in.

const at = (id) => document.getElementById(id);
const on = (target, name, act, options) => target.addEventListener(name, act, options);
const LANGUAGES = ["en", "es"];
let language = document.documentElement.lang;

const WORDS = JSON.parse(at("words").textContent);

/** The text of a key in the language at hand; an unknown key is its own text. */
function say(key, ...parts) {
  const text = Object.hasOwn(WORDS, key) ? WORDS[key][LANGUAGES.indexOf(language)] : key;
  return text.replace(/\{(\d)\}/g, (_, k) => String(parts[k]));
}

/** Fill every element that names its text: data-t (content), data-t-label, data-t-hint. */
function sayAll() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t],[data-t-label],[data-t-hint]")) {
    const { t, tLabel, tHint } = element.dataset;
    if (t) element.textContent = say(t);
    if (tLabel) element.setAttribute("aria-label", say(tLabel));
    if (tLabel && element.tagName === "BUTTON") element.title = say(tLabel);
    if (tHint) element.placeholder = say(tHint);
  }
}
