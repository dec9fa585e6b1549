/* Every page loads this; what a page does not have (a list, a map, a dialog) is simply not found. */
import "./deep.js";
import "./dialogs.js";
import "./focus.js";
import "./keyboard.js";
import "./lock.js";
import "./marks.js";
import "./menus.js";
import "./messages.js";
import "./palette.js";
import "./paste.js";
import "./pointer.js";
import "./problems.js";
import "./progress.js";
import "./rows.js";
import "./scripts.js";
import "./theme-button.js";
import "./times.js";
