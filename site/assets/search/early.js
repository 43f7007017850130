// With the page, and behind all that it needs itself: the index's table of contents, the vocabulary, the dictionary.
import { prepare } from "./view.js";

prepare("low").catch(() => {}); // said when something is looked for
